import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'parse5';
import { makePage } from '../lib/page.mjs';
import { chart } from '../reporters/chart.mjs';
import { htmlText } from '../reporters/html.mjs';
import { markdownFiles } from '../reporters/markdown.mjs';
import { tableText } from '../reporters/table.mjs';
import { readFixture } from './fixtures/report.mjs';

const page = makePage([readFixture()]);
const rows = page.scopes.flatMap((scope) => scope.rows);
const files = new Map(markdownFiles(page, 'page.md'));

test('the table has each figure, and each target with its verdict', () => {
  const text = tableText(page, 200);
  assert.match(text, /64-byte echo, 50 connections, 1 in flight +9\.10 us \(9-9\.50\)/);
  assert.match(text, /1\.2 of epoll +NO\n +0\.9 of bun +yes/);
  assert.match(text, /6\.10 us\*/);
  assert.match(text, /ws, connect-15k: failed: connect: <too many/);
  assert.match(text, /deno: not available: npm has no deno here/);
});

test('where the terminal is narrow the spread is left out', () => {
  const text = tableText(page, 60);
  assert.match(text, /9\.10 us/);
  assert.doesNotMatch(text, /9-9\.50/);
});

test('Markdown: a page, and a picture for each scope', () => {
  assert.deepEqual([...files.keys()], ['page.md', 'page/connect.svg', 'page/echo.svg']);
  const text = files.get('page.md');
  for (const { title, id } of rows) {
    assert.ok(text.includes(`| ${title} `), title);
    assert.ok(text.includes(`- \`${id}\`: `), id);
  }
  assert.ok(text.includes('](page/echo.svg)'));
  assert.match(text, /`npm run bench -- --scope connect,echo --runs 3`, 2 January 2026, 03:04 UTC/);
});

test('Markdown: targets and losses are computed', () => {
  const text = files.get('page.md');
  assert.match(text, /4 of 5 targets met, 1 missed\./);
  assert.match(text, /\| 1\.2 of epoll +\| +3\.60 us \| +5\.10 us \| +\*\*NO\*\* +\|/);
  assert.match(text, /\| 0\.5 of the best other +\| 3\.05 us \(bun\) \|/);
  assert.match(text, /- open 15,000 connections, each: 55 us; bun 42 us, 1\.31 times as good\n/);
});

test('Markdown: what people wrote is around it', () => {
  const written = readFileSync(new URL('../docs/reading.md', import.meta.url), 'utf8').trim();
  assert.ok(files.get('page.md').includes(`## How to read it\n\n${written}`));
});

test('HTML: each row, well-formed, and nothing from elsewhere', () => {
  const text = htmlText(page);
  const errors = [];
  parse(text, { onParseError: ({ code, startLine }) => errors.push(`${code} in ${startLine}`) });
  assert.deepEqual(errors, []);
  for (const { id, title } of rows) {
    assert.ok(text.includes(`id="row-${id}"`), id);
    assert.ok(text.includes(title), title);
  }
  assert.ok(text.includes('connect: &lt;too many &amp; &quot;more&quot;&gt;'));
  assert.doesNotMatch(text, /<script|<link|src=|url\(|@import/);
});

test('a chart has every peer and its median; the dark style knows all its colours', () => {
  const svg = chart([rows[2]], { width: 400 });
  for (const text of ['epoll', 'bun', '5.10 us', 'target 1 missed', 'target 2 met']) {
    assert.ok(svg.includes(`>${text}</text>`), text);
  }
  const style = files.get('page/echo.svg').match(/<style>(.*?)<\/style>/)[1];
  const colours = new Set(svg.match(/#[0-9a-f]{6}/g));
  for (const colour of colours) assert.ok(style.includes(`"${colour}"`), colour);
});
