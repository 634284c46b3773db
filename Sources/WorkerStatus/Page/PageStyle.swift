/// The page's style: light and dark, and from 320 pixels up.
enum PageStyle {
    static let css: HTML = """

        :root { color-scheme: light dark;
          --ground: #f4f6f9; --card: #ffffff; --ink: #17202c; --soft: #545f6e; --line: #dde3ea; --link: #1757b8;
          --running: #1f66d0; --succeeded: #15713f; --failed: #c62f2f; --abandoned: #6b7686; --paused: #8a5a00;
          --running-ground: #e6effc; --succeeded-ground: #e3f4ea; --failed-ground: #fdeaea;
          --abandoned-ground: #eceff3; --paused-ground: #fbf0da; }
        @media (prefers-color-scheme: dark) { :root {
          --ground: #0e131a; --card: #171e27; --ink: #e7ecf2; --soft: #9dabbc; --line: #2a3442; --link: #82b6ff;
          --running: #6ea8ff; --succeeded: #55c98c; --failed: #ff8780; --abandoned: #9aa7b8; --paused: #e2b558;
          --running-ground: #1a2b47; --succeeded-ground: #15332a; --failed-ground: #431f24;
          --abandoned-ground: #26303c; --paused-ground: #3a2f17; } }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 2rem; background: var(--ground); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
          font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        body > * { max-width: 70rem; margin-inline: auto; }
        h1, h2, p, ul, ol, dl, dd { margin: 0; padding: 0; }
        h1 { font-size: 1.5rem; letter-spacing: -0.02em; line-height: 1.2; }
        h2 { font-size: 1.05rem; line-height: 1.3; }
        a { color: var(--link); text-underline-offset: 2px;
          text-decoration-color: color-mix(in srgb, currentColor 45%, transparent); }
        a:hover { text-decoration-color: currentColor; }
        a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
        ol, ul { list-style: none; }
        .title { display: flex; flex-wrap: wrap; gap: .4rem .8rem; align-items: center; }
        .lead { margin-top: .35rem; font-size: 1.05rem; }
        .facts { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin-top: .6rem; font-size: .9rem; }
        .facts div { display: flex; gap: .45rem; min-width: 0; }
        .facts dt, .note { color: var(--soft); }
        .note { font-size: .88rem; }
        .note code { user-select: all; white-space: nowrap; }
        .badge { display: inline-block; padding: .06rem .6rem; border-radius: 999px; font-size: .85rem;
          font-weight: 600; line-height: 1.55; color: var(--tone); background: var(--tone-ground); }
        .running { --tone: var(--running); --tone-ground: var(--running-ground); }
        .succeeded { --tone: var(--succeeded); --tone-ground: var(--succeeded-ground); }
        .failed { --tone: var(--failed); --tone-ground: var(--failed-ground); }
        .abandoned, .quiet { --tone: var(--soft); --tone-ground: var(--abandoned-ground); }
        .waiting { --tone: var(--running); --tone-ground: var(--running-ground); }
        .requeued, .paused { --tone: var(--paused); --tone-ground: var(--paused-ground); }
        section { margin-top: 1.8rem; }
        section > h2 { margin-bottom: .6rem; }
        .count { display: inline-block; min-width: 1.6em; padding: 0 .45em; border-radius: 999px; text-align: center;
          font-size: .85rem; background: var(--running-ground); color: var(--running); }
        .cards { display: grid; grid-auto-flow: dense; gap: .8rem; margin-top: 1.3rem;
          grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
        .card, .jobs li, .drawing, .empty, table { background: var(--card); border: 1px solid var(--line);
          border-radius: 10px; }
        .card { padding: .85rem 1rem; min-width: 0; }
        .card h2 { font-size: .88rem; color: var(--soft); font-weight: 600; margin-bottom: .3rem; }
        .card .note { margin-top: .3rem; }
        .card .figure { font-size: 1rem; }
        .card .meter { margin-top: .35rem; }
        .card .figure strong { font-size: 1.5rem; line-height: 1.25; }
        .card.troubled { border-color: var(--failed); grid-column: span 2; }
        .plain { display: flex; flex-wrap: wrap; gap: 0 .9rem; }
        .trouble { margin-top: .4rem; font-size: .92rem; }
        .meter { display: block; }
        .meter .track { fill: var(--line); }
        .meter .fill { fill: var(--running); }
        .meter .full { fill: var(--paused); }
        .jobs { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
        .jobs li { padding: .75rem 1rem; min-width: 0; }
        .jobs p { margin-top: .2rem; }
        .jobs .badge { margin-right: .35rem; }
        .sep { color: var(--soft); }
        .progress { display: flex; gap: .7rem; align-items: center; margin: .25rem 0; font-size: .88rem; }
        .progress .meter { flex: 1; min-width: 0; }
        .empty { padding: 1.4rem 1rem; text-align: center; color: var(--soft); border-style: dashed; }
        .drawing { padding: .8rem 1rem .2rem; }
        .timeline { display: block; overflow: hidden; }
        .timeline text { font-size: 12px; fill: var(--soft); text-anchor: middle; }
        .mark { stroke: var(--line); }
        .bar { fill: var(--tone); stroke: var(--tone); }
        .bar.failed { fill: url(#hatch); }
        .bar.abandoned { fill: none; stroke-dasharray: 3 2; }
        .bar.waiting, .bar.requeued { fill: var(--tone-ground); }
        #hatch .ground { fill: var(--failed-ground); }
        #hatch .line { fill: var(--failed); }
        .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin-top: .5rem; font-size: .9rem; }
        .legend .note { margin-left: auto; }
        .legend svg { vertical-align: -1px; }
        table { width: 100%; border-spacing: 0; overflow: hidden; }
        th { text-align: left; font-size: .85rem; font-weight: 600; color: var(--soft); white-space: nowrap; }
        th, td { padding: .6rem 1rem; vertical-align: top; }
        tbody td { border-top: 1px solid var(--line); }
        td:first-child:not(.what), .when { white-space: nowrap; }
        .detail { margin-top: .1rem; }
        footer { display: flex; flex-wrap: wrap; gap: .3rem 2rem; justify-content: space-between; margin-top: 2rem;
          padding-top: .9rem; border-top: 1px solid var(--line); font-size: .9rem; color: var(--soft); }
        footer nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem; }
        @media (max-width: 22rem) {
          .cards { grid-template-columns: 1fr; }
          .card.troubled { grid-column: auto; }
        }
        @media (min-width: 22rem) and (max-width: 44rem) { .cards { grid-template-columns: 1fr 1fr; } }
        @media (max-width: 40rem) {
          thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          table, tbody { display: block; }
          tr { display: flex; flex-wrap: wrap; gap: .25rem .8rem; align-items: baseline; padding: .75rem 1rem; }
          tbody tr + tr { border-top: 1px solid var(--line); }
          td { padding: 0; border: 0; }
          tbody td { border: 0; }
          .what { order: 3; flex-basis: 100%; }
          .when { color: var(--soft); font-size: .88rem; }
          .took::before { content: "took "; }
        }

        """
}
