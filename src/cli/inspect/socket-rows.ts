import type { SocketReport, TcpInfoReport } from '../../inspect/report.js';
import { bytes, count, counted, micros } from '../quantities.js';
import type { Sheet } from './sheet.js';

export function writeSocket(sheet: Sheet, socket: SocketReport): void {
  const { noDelay, receiveBuffer, sendBuffer, keepAlive, congestionControl, tcpInfo } = socket;
  sheet.section();
  sheet.row(
    'socket',
    [
      ...(noDelay === null ? [] : [`TCP_NODELAY ${onOff(noDelay)}`]),
      `SO_RCVBUF ${bytes(receiveBuffer)}`,
      `SO_SNDBUF ${bytes(sendBuffer)}`,
      `keep-alive ${onOff(keepAlive)}`,
      ...(congestionControl === null ? [] : [`congestion control ${congestionControl}`]),
    ].join(', '),
  );
  if (tcpInfo !== null) sheet.row('TCP', tcpText(tcpInfo));
}

function tcpText(info: TcpInfoReport): string {
  return [
    `round trip ${micros(info.rtt)} ± ${micros(info.rttvar)}`,
    `congestion window ${counted(info.sndCwnd, 'segment')}`,
    `MSS ${count(info.sndMss)}`,
    `path MTU ${count(info.pmtu)}`,
    `${count(info.totalRetrans)} retransmitted`,
    ...(info.deliveryRate == null ? [] : [`delivery rate ${bytes(info.deliveryRate)}/s`]),
  ].join(', ');
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}
