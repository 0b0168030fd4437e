/** Colours are told apart without seeing red and green differently, and have a contrast of at least 3 to the page. */
export const costHtmlStyle = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --faint: #59636e; --line: #d1d9e0; --card: #f6f8fa;
  --s0: #0969da; --s1: #8250df; --s2: #1a7f37; --s3: #9a6700; --s4: #0a7d8c; --s5: #cf222e; --s6: #6e7781; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #f0f6fc; --faint: #9198a1; --line: #3d444d; --card: #151b23;
  --s0: #4493f8; --s1: #ab7df8; --s2: #3fb950; --s3: #d29922; --s4: #39c5cf; --s5: #f85149; --s6: #9198a1; } }
@media print { :root { color-scheme: light; --page: #ffffff; --text: #000000; --faint: #444444; --line: #bbbbbb; --card: #ffffff;
  --s0: #0969da; --s1: #8250df; --s2: #1a7f37; --s3: #9a6700; --s4: #0a7d8c; --s5: #cf222e; --s6: #6e7781; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 60rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { margin: 0; font-size: 1.7rem; } h2 { margin: 2.2rem 0 .4rem; font-size: 1.15rem; } p { margin: .4rem 0; max-width: 46rem; }
.faint, .mark, caption, small { color: var(--faint); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: .8rem; margin: 1.4rem 0; padding: 0; list-style: none; }
.figure { padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.figure b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; } .figure small { display: block; }
svg { display: block; width: 100%; height: auto; margin: .6rem 0; } .mark { font-size: 11px; fill: var(--faint); } .grid { stroke: var(--line); }
.s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); } .s3 { fill: var(--s3); } .s4 { fill: var(--s4); } .s5 { fill: var(--s5); } .s6 { fill: var(--s6); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0; padding: 0; list-style: none; font-size: .85rem; }
.legend svg { display: inline-block; width: .8rem; height: .8rem; margin: 0 .4rem 0 0; vertical-align: -1px; }
.budget { height: .6rem; margin: .2rem 0 .8rem; border: 1px solid var(--line); border-radius: .3rem; overflow: hidden; background: var(--card); }
.budget svg { margin: 0; height: 100%; }
table { width: 100%; margin: .6rem 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-size: .85rem; } th, td { padding: .3rem .5rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { font-size: .85rem; color: var(--faint); font-weight: 600; } .n { text-align: right; white-space: nowrap; } .prose { min-width: 15rem; } td:first-child { white-space: nowrap; } summary { cursor: pointer; color: var(--faint); font-size: .85rem; } thead { display: table-header-group; } tr { break-inside: avoid; }
.note { padding: .6rem 1rem; border-left: 4px solid var(--s3); background: var(--card); } dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { font-weight: 600; } dd { margin: 0; }
@media print { svg, .legend, .figure, .note, .budget { break-inside: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } body { padding: 0; } table { font-size: .75rem; } th, td { padding: .2rem .35rem; } h2 { break-after: avoid; } }
`;
