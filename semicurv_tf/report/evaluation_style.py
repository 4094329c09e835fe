"""The rules of an evaluation's page beyond those of every page: tiles, pairs, cards; phone, dark and paper."""

STYLE = """
body { max-width: 66rem; overflow-wrap: break-word; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem; margin: 1.4rem 0; }
.tile { background: var(--band); border-radius: 8px; padding: .8rem 1rem .7rem; }
.tile b { display: block; font-size: 2rem; line-height: 1.15; font-weight: 650; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.tile small { color: var(--soft); font-size: .82rem; display: block; line-height: 1.35; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: .4rem 2rem;
  align-items: start; }
.pair figure { margin: .6rem 0; }
.pair figure > img { width: 100%; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 1.2rem 1.4rem;
  margin: 1rem 0 1.6rem; }
.cards.large { grid-template-columns: repeat(auto-fill, minmax(min(28rem, 100%), 1fr)); }
.cards figure { margin: 0; }
.both { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
.both img { width: 100%; border-radius: 3px; }
.cards figcaption b { color: var(--ink); overflow-wrap: anywhere; }
.key span { display: inline-block; margin-right: 1.1rem; white-space: nowrap; }
.key i { display: inline-block; width: .85em; height: .85em; border-radius: 2px; border: 1px solid var(--soft);
  vertical-align: -.08em; margin-right: .35em; }
svg.bars { vertical-align: middle; margin: -.3rem 0; }
.bars .grid { stroke: var(--line); } .bars .span { stroke: var(--accent); stroke-width: 3; stroke-linecap: round;
  opacity: .4; }
.bars circle { stroke: var(--accent); stroke-width: 1.4; fill: var(--paper); } .bars .mean { fill: var(--accent); }
td .range { color: var(--soft); font-size: .86em; margin-left: .5em; }
td.text { white-space: normal; overflow-wrap: anywhere; }
.about td.text { color: var(--soft); line-height: 1.35; overflow-wrap: normal; }
@media (min-width: 60rem) { .about thead th { white-space: nowrap; } }
details { margin: .8rem 0; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
pre { background: var(--band); border-radius: 6px; padding: .8rem 1rem;
  font: .82rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 40rem) { .large .both { grid-template-columns: 1fr; }
  td .range { display: block; margin-left: 0; } .tiles { grid-template-columns: 1fr 1fr; gap: .6rem; }
  .tile b { font-size: 1.7rem; }
  .about td.text, .about th.text, .bar-note { display: none; } .about table { width: 100%; }
  th:first-child, td:first-child { white-space: normal; } }
@media print { .scroll { break-inside: avoid; } .tile { border: 1px solid var(--line); }
  .tiles { grid-template-columns: repeat(4, 1fr); } .pair { grid-template-columns: 1fr 1fr; }
  .cards { grid-template-columns: 1fr 1fr 1fr; gap: .6rem; } .cards figcaption { font-size: 7.5pt; } }
"""
