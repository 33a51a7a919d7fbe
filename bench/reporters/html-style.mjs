import { customProperties, darkCharts } from './palette.mjs';

export const style = `
:root{color-scheme:light dark;${customProperties('light')};--ground:#f4f6f8}
@media screen and (prefers-color-scheme:dark){:root{${customProperties('dark')};--ground:#0b0e12}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
header,main{max-width:1400px;margin:0 auto;padding:0 clamp(12px,3vw,40px)}
header{padding-top:clamp(20px,4vw,48px)}
h1{font-size:clamp(1.5rem,4vw,2.25rem);line-height:1.2;margin:0 0 .5rem;text-wrap:balance}
h2{font-size:1.3rem;line-height:1.3;margin:0 0 .5rem}
h3{font-size:1rem;line-height:1.35;margin:0}
a{color:var(--subject);text-underline-offset:.15em}
p{margin:.5rem 0;max-width:72ch}
code{font:.9em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.lead{font-size:1.1rem;color:var(--muted)}
.warning{border-left:4px solid var(--missed);padding:.25rem .75rem;background:var(--paper)}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1rem 0 1.5rem}
section{margin:0 0 3rem}
.overview{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));
margin-bottom:1rem}
.overview>div,article{background:var(--paper);border:1px solid var(--axis);border-radius:8px;
padding:1rem}
.overview ul,.targets{list-style:none;padding:0;margin:.5rem 0 0}
.overview li{padding:.35rem 0;border-top:1px solid var(--axis)}
.overview h3{margin-top:1rem}
.figures{display:block;font-size:.9rem;color:var(--muted)}
.count{font-weight:600}
.key,.units{color:var(--muted);font-size:.875rem}
.units{margin:.15rem 0 .5rem}
.key{margin:0 0 2.5rem;max-width:100ch}
.own{color:var(--subject)}
.cards{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr))}
article{display:flex;flex-direction:column;min-width:0}
article [role=img]{margin-bottom:auto}
article svg{display:block;width:100%;height:auto;max-width:520px}
.targets{font-size:.875rem}
.targets li{padding:.15rem 0}
.met{color:var(--met)}.missed{color:var(--missed)}.open{color:var(--muted)}
details{margin-top:.75rem;font-size:.875rem}
summary{cursor:pointer;color:var(--muted)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5rem 0}
th,td{padding:.2rem .6rem .2rem 0;text-align:right;white-space:nowrap;font-weight:400}
td[colspan]{white-space:normal;text-align:left}
th:first-child{text-align:left;font-weight:600}
thead th{color:var(--muted);border-bottom:1px solid var(--axis)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;font-size:.9rem;
background:var(--paper);border:1px solid var(--axis);border-radius:8px;padding:1rem;max-width:110ch}
dt{color:var(--muted)}
dd{margin:0;min-width:0}
pre{overflow-x:auto;font-size:.85rem}
${darkCharts}
@media(max-width:520px){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media print{
@page{margin:14mm}
body{background:none;font-size:10pt}
nav,article details{display:none}
header,main{max-width:none;padding:0}
.cards{grid-template-columns:1fr 1fr;gap:4mm}
article,.overview>div,dl,li{break-inside:avoid}
h2,.units{break-after:avoid}
a{color:inherit;text-decoration:none}
}
`;
