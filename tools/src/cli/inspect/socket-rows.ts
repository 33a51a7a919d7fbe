import type { SocketReport, TcpInfoReport } from '../../inspect/report.js';
import { bytes, count, counted, micros } from '../quantities.js';
import type { Sheet } from './sheet.js';

export function writeSocket(sheet: Sheet, socket: SocketReport): void {
  const { noDelay, receiveBuffer, sendBuffer, keepAlive, congestionControl, tcpInfo } = socket;
  sheet.section();
  sheet.list('socket', [
    ...(noDelay === null ? [] : [`TCP_NODELAY ${onOff(noDelay)}`]),
    `SO_RCVBUF ${count(receiveBuffer)} B`,
    `SO_SNDBUF ${count(sendBuffer)} B`,
    `keep-alive ${onOff(keepAlive)}`,
    ...(congestionControl === null ? [] : [`congestion control ${congestionControl}`]),
  ]);
  if (tcpInfo !== null) sheet.list('TCP', tcpFacts(tcpInfo));
}

function tcpFacts(info: TcpInfoReport): string[] {
  return [
    `round trip ${micros(info.rtt)} ± ${micros(info.rttvar)}`,
    `congestion window ${counted(info.sndCwnd, 'segment')}`,
    `MSS ${count(info.sndMss)} B`,
    `path MTU ${count(info.pmtu)} B`,
    `${count(info.totalRetrans)} retransmitted`,
    ...(info.deliveryRate == null ? [] : [`delivery rate ${bytes(info.deliveryRate)}/s`]),
  ];
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}
