import { Asked, ETIME, type Task } from './operation.js';

const { poll, pollMany, receive, receiveAll, receiveMany, send, sendZeroCopy } = Asked;
const { timeout, linkTimeout } = Asked;
export const POLL_ONCE: Task = { name: 'poll()', kind: poll, syscall: 'poll' };
export const POLL_MANY: Task = { name: 'poll()', kind: pollMany, syscall: 'poll' };
export const RECV: Task = { name: 'recv()', kind: receive, syscall: 'recv' };
export const RECV_ALL: Task = { name: 'recv()', kind: receiveAll, syscall: 'recv' };
export const READV: Task = { name: 'readv()', kind: receive, syscall: 'recv' };
export const READV_ALL: Task = { name: 'readv()', kind: receiveAll, syscall: 'recv' };
export const RECV_MANY: Task = { name: 'recvMultishot()', kind: receiveMany, syscall: 'recv' };
export const REQUEST: Task = { name: 'request()', kind: receive, syscall: 'recv' };
export const REQUEST_ALL: Task = { name: 'request()', kind: receiveAll, syscall: 'recv' };
export const SEND: Task = { name: 'send()', kind: send, syscall: 'send' };
export const WRITEV: Task = { name: 'writev()', kind: send, syscall: 'send' };
export const SEND_ZERO_COPY: Task = { name: 'sendZeroCopy()', kind: sendZeroCopy, syscall: 'send' };
export const TIMEOUT: Task = { name: 'timeout()', kind: timeout, syscall: 'timeout' };
export const LINK_TIMEOUT: Task = { name: 'linkTimeout()', kind: linkTimeout, syscall: 'timeout' };

// What the kernel's answer means; undefined: an error.
export const amount = (result: number) => (result >= 0 ? result : undefined);
export const elapsed = (result: number) => result === ETIME || undefined;
export const reached = (result: number) => result === ETIME;
