import { statusOf } from '../../inspect/problems.js';
import type {
  HeaderLine,
  InspectReport,
  PingsReport,
  WebSocketReport,
} from '../../inspect/report.js';
import { micros } from '../quantities.js';
import type { Style } from '../style.js';
import { Sheet } from './sheet.js';
import { writeSocket } from './socket-rows.js';
import { writeTls } from './tls-rows.js';
import { waterfall } from './waterfall.js';

/** Lines of a refusal's body that are shown. */
const BODY_LINES = 8;

/** The outcome of an inspection for people: lines none wider than `width`. */
export function renderPage(report: InspectReport, style: Style, width: number): string {
  const sheet = new Sheet(style, width);
  sheet.text(report.url, style.strong, '');
  writeAddress(sheet, report);
  sheet.section();
  sheet.rows('time', waterfall(report.phases, sheet.room));
  if (report.tls !== null) writeTls(sheet, report.tls);
  if (report.socket !== null) writeSocket(sheet, report.socket);
  if (report.websocket !== null) writeWebSocket(sheet, report.websocket);
  if (report.pings !== null) writePings(sheet, report.pings);
  sheet.section();
  writeVerdict(sheet, report);
  return sheet.toString();
}

function writeAddress(sheet: Sheet, { name, address }: InspectReport): void {
  sheet.section();
  if (name !== null) {
    const addresses = name.addresses.map((one) => one.address).join(', ');
    sheet.row('name', `${name.host}: ${addresses === '' ? 'no address' : addresses}`);
  }
  if (address === null) return;
  const from = address.local === null ? '' : ` from ${address.local}`;
  sheet.row('address', `${address.remote}${from}`);
  if (address.local !== null && address.attempts > 1) {
    sheet.row('', `no connection to ${address.attempts - 1} before it`, sheet.style.faint);
  }
  for (const { address: tried, code } of address.failed) {
    sheet.row('', `${tried} failed: ${code}`, sheet.style.faint);
  }
}

function writeWebSocket(sheet: Sheet, websocket: WebSocketReport): void {
  const { request, response, protocol, extensions } = websocket;
  sheet.section();
  sheet.rows('request', [request.line, ...linesOf(request.headers)]);
  sheet.section();
  if (response === null) {
    sheet.row('answer', 'none that could be read');
  } else {
    sheet.rows('answer', [statusOf(response.status), ...linesOf(response.headers)]);
    if (response.body !== null) writeBody(sheet, response.body);
  }
  if (protocol === null) return;
  sheet.section();
  sheet.row('subprotocol', protocol === '' ? 'none' : protocol);
  sheet.row('extensions', extensions === '' || extensions === null ? 'none' : extensions);
}

function linesOf(headers: readonly HeaderLine[]): string[] {
  return headers.map(([name, value]) => `${name}: ${value}`);
}

/** Its beginning; tabs and ends of lines are what they are. */
function writeBody(sheet: Sheet, body: string): void {
  const lines = body.trimEnd().replaceAll('\t', ' ').split(/\r?\n/);
  const shown = lines.slice(0, BODY_LINES);
  sheet.section();
  sheet.rows('body', lines.length > BODY_LINES ? [...shown, '...'] : shown, sheet.style.faint);
}

function writePings(sheet: Sheet, { sent, answered, min, mean, max }: PingsReport): void {
  const times =
    min === null || mean === null || max === null
      ? ''
      : `: min ${ms(min)}, mean ${ms(mean)}, max ${ms(max)}`;
  const paint = answered < sent ? sheet.style.bad : undefined;
  sheet.row('pings', `${answered} of ${sent} answered${times}`, paint);
}

function ms(time: number): string {
  return micros(time * 1e3);
}

function writeVerdict(sheet: Sheet, { problem, warnings }: InspectReport): void {
  const { style } = sheet;
  for (const text of warnings) sheet.text(text, style.warning);
  if (problem === null) {
    sheet.text('The endpoint works.', style.good);
    return;
  }
  sheet.text(problem.headline, style.bad);
  sheet.text(problem.advice);
}
