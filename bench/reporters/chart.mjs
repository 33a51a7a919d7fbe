import { BarChart, CustomChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { bareSocket, subject } from '../lib/targets.mjs';
import { median } from './format.mjs';
import { light } from './palette.mjs';

use([BarChart, CustomChart, GridComponent, TitleComponent, SVGRenderer]);

// Without quotation marks: they are not escaped in the SVG.
const font = 'system-ui, -apple-system, Segoe UI, DejaVu Sans, sans-serif';
const barHeight = 13;
const lineHeight = 22;
const markHeight = 13;
const markWidth = 100;
const titleLine = 17;
const titleLetter = 8;
const topMargin = 4;
const nameLetter = 7.5;
const figuresWidth = 96;

/** Rows with nothing to compare and no target to compare with make no picture. */
export function isDrawable({ results }) {
  return Object.values(results).some(({ median: value }) => value !== undefined);
}

/**
 * One picture with a panel for each row: bars of the medians, best first, a whisker from the lowest
 * round to the highest, and a dashed line where a target lies.
 *
 * @param {object[]} rows  of a report
 * @param {{ width: number, columns?: number, titles?: boolean }} layout
 * @returns {string}  SVG
 */
export function chart(rows, { width, columns = 1, titles = false }) {
  const columnWidth = width / columns;
  const panels = rows.filter(isDrawable).map((row) => panelOf(row, titles ? columnWidth : 0));
  const longest = Math.max(0, ...panels.flatMap(({ bars }) => bars.map(({ name }) => name.length)));
  const namesWidth = Math.ceil(longest * nameLetter) + 12;
  let top = topMargin;
  for (let first = 0; first < panels.length; first += columns) {
    const line = panels.slice(first, first + columns);
    for (const [column, panel] of line.entries()) {
      Object.assign(panel, { left: column * columnWidth, top, width: columnWidth, namesWidth });
    }
    top += Math.max(...line.map(({ height }) => height));
  }

  const picture = init(null, null, { renderer: 'svg', ssr: true, width, height: top });
  picture.setOption({
    animation: false,
    backgroundColor: light.paper,
    textStyle: { fontFamily: font, color: light.ink },
    title: panels.flatMap(titleOf),
    grid: panels.map(gridOf),
    xAxis: panels.map(({ end }, gridIndex) => ({
      ...{ gridIndex, type: 'value', min: 0, max: end },
      ...{ axisLabel: { show: false }, splitLine: { show: false } },
    })),
    yAxis: panels.map(({ bars }, gridIndex) => ({
      ...{ gridIndex, type: 'category', inverse: true, data: bars.map(({ name }) => name) },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: light.axis } },
      axisLabel: {
        ...{ interval: 0, fontSize: 12, color: light.muted, margin: 8 },
        formatter: (name) => (name === subject ? `{own|${name}}` : name),
        rich: { own: { fontSize: 12, fontWeight: 'bold', color: light.ink } },
      },
    })),
    series: panels.flatMap(seriesOf),
  });
  const svg = picture.renderToSVGString();
  picture.dispose();
  return svg;
}

function panelOf(row, titleWidth) {
  const sign = row.better === 'more' ? -1 : 1;
  const bars = Object.entries(row.results)
    .filter(([, result]) => result.median !== undefined)
    .map(([name, result]) => ({ name, ...result, label: median(result, row.unit) }))
    .sort((a, b) => sign * (a.median - b.median));
  const longest = Math.max(...bars.map(({ max }) => max));
  // A target far off the scale would make the bars unreadable; it is in the text as well.
  const marks = row.targets
    .map(({ limit, met }, index) => ({ limit, met, name: markName(row.targets, index) }))
    .filter(({ limit }) => limit !== null && limit > 0 && limit <= 1.5 * longest)
    .sort((a, b) => a.limit - b.limit);
  const end = Math.max(longest, ...marks.map(({ limit }) => limit)) || 1;
  arrange(marks, end);
  const title = titleWidth > 0 ? wrapped(row.title, Math.floor(titleWidth / titleLetter)) : [];
  const head = title.length * titleLine + marks.length * markHeight;
  const height = head + bars.length * lineHeight + (title.length > 0 ? 22 : 4);
  return { title, bars, marks, end, head, height };
}

/**
 * The words of the marks stand one above the other, all on the same side of their lines. In this
 * order no line runs through the words of another.
 */
function arrange(marks, end) {
  const side = marks.some(({ limit }) => limit > end / 2) ? 'left' : 'right';
  if (side === 'left') marks.reverse();
  for (const mark of marks) mark.side = side;
}

/** Breaks a title between words. Nothing measures text here, so a letter's width is a guess. */
function wrapped(text, letters) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= letters) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Targets have numbers where there are several. */
export function markName(targets, index) {
  return targets.length > 1 ? `target ${index + 1}` : 'target';
}

function titleOf({ title, left, top }) {
  if (title.length === 0) return [];
  const type = { fontSize: 13, fontWeight: 'bold', fontFamily: font, lineHeight: titleLine };
  const place = { left: left + 4, top, padding: 0 };
  return [{ text: title.join('\n'), ...place, textStyle: { ...type, color: light.ink } }];
}

function gridOf({ left, top, width, namesWidth, head, bars }) {
  return {
    ...{ left: left + namesWidth, top: top + head, containLabel: false },
    ...{ width: width - namesWidth - figuresWidth, height: bars.length * lineHeight },
  };
}

function seriesOf({ bars, marks }, index) {
  const axes = { xAxisIndex: index, yAxisIndex: index, silent: true };
  return [
    {
      ...{ ...axes, type: 'bar', barWidth: barHeight },
      data: bars.map((bar) => ({ value: bar.median, itemStyle: { color: colourOf(bar.name) } })),
    },
    {
      ...{ ...axes, type: 'custom', z: 3, clip: false },
      data: bars.map((bar, line) => [bar.max, line]),
      renderItem: ({ dataIndex }, api) => whisker(bars[dataIndex], dataIndex, api),
    },
    {
      ...{ ...axes, type: 'custom', z: 5, clip: false },
      data: bars.map((bar, line) => [bar.max, line]),
      renderItem: ({ dataIndex }, api) => figure(bars[dataIndex], dataIndex, api),
    },
    {
      ...{ ...axes, type: 'custom', z: 4, clip: false },
      data: marks.map(({ limit }) => [limit, 0]),
      renderItem: ({ dataIndex, coordSys }, api) =>
        targetLine(marks[dataIndex], dataIndex, marks.length, coordSys, api),
    },
  ];
}

function colourOf(name) {
  if (name === subject) return light.subject;
  return name === bareSocket ? light.limit : light.other;
}

/** From the lowest to the highest round. */
function whisker({ min, max }, line, api) {
  const [[low, y], [high]] = [api.coord([min, line]), api.coord([max, line])];
  const style = { stroke: light.whisker, lineWidth: 1, fill: 'none' };
  const stroke = (x1, x2, half) => ({
    ...{ type: 'line', style },
    shape: { x1, x2, y1: y - half, y2: y + half },
  });
  const children = [stroke(low, high, 0), stroke(low, low, 3), stroke(high, high, 3)];
  return { type: 'group', children: high - low >= 1 ? children : [] };
}

/** The median in words, with a margin of paper: a target's line may run behind it. */
function figure({ max, label, name }, line, api) {
  const [x, y] = api.coord([max, line]);
  return {
    type: 'text',
    style: {
      ...{ text: label, x: x + 7, y, verticalAlign: 'middle', fill: light.ink },
      ...{ stroke: light.paper, lineWidth: 4 },
      font: `${name === subject ? 'bold ' : ''}12px ${font}`,
    },
  };
}

/** Over the whole height; the words of several stand one above the other. */
function targetLine({ limit, met, name, side }, index, count, { x: left, y: top, height }, api) {
  const [x] = api.coord([limit, 0]);
  const isRight = side === 'left' && x - left > markWidth;
  const colour = { true: light.met, false: light.missed }[met] ?? light.muted;
  const words = { true: `${name} met`, false: `${name} missed` }[met] ?? name;
  const textTop = top - (count - index) * markHeight;
  return {
    type: 'group',
    children: [
      {
        type: 'line',
        shape: { x1: x, x2: x, y1: textTop + 1, y2: top + height },
        style: { stroke: colour, lineWidth: 1.5, lineDash: [4, 3], fill: 'none' },
      },
      {
        type: 'text',
        style: {
          ...{ text: words, x: isRight ? x - 5 : x + 5, y: textTop, fill: colour },
          ...{ align: isRight ? 'right' : 'left', font: `11px ${font}` },
          ...{ stroke: light.paper, lineWidth: 4 },
        },
      },
    ],
  };
}
