/**
 * Colours of the charts. They are written into the SVG as they are for light paper; in the dark a
 * style sheet replaces each by its counterpart, so that a program without style sheets shows a
 * proper picture too.
 */
export const light = {
  paper: '#ffffff',
  ink: '#1f2329',
  muted: '#646c76',
  axis: '#d4d9df',
  subject: '#1763c6',
  other: '#b3bcc7',
  limit: '#e3e7ec',
  whisker: '#4a525c',
  met: '#1b7a3d',
  missed: '#c2410c',
};

const dark = {
  paper: '#12161b',
  ink: '#e7ebf0',
  muted: '#98a2ae',
  axis: '#343c46',
  subject: '#5aa2f7',
  other: '#566270',
  limit: '#2a323b',
  whisker: '#c3ccd6',
  met: '#4cc277',
  missed: '#ff8a5c',
};

/** @param {'light' | 'dark'} theme */
export function customProperties(theme) {
  const colours = theme === 'dark' ? dark : light;
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

/** What turns the charts dark; on paper they stay light. */
export const darkCharts = `@media screen and (prefers-color-scheme:dark){${Object.keys(light)
  .map(
    (name) =>
      `svg [fill="${light[name]}"]{fill:${dark[name]}}svg [stroke="${light[name]}"]{stroke:${dark[name]}}`,
  )
  .join('')}}`;
