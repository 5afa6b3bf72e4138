// Draws every element with data-chart: its JSON says what.
//   {"kind": "lines", "series": [{"name", "x": [], "y": []}], "x": "label", "y": "label", "log": false}
//   {"kind": "points", ...} the same without joining, {"diagonal": true} adds y = x.
// Works as a plain script, so that a report can carry it inside.
(() => {
  const palette = ["#2f7de1", "#e0a100", "#1d9a62", "#d0503f", "#8a63d2", "#139bb0", "#c2589a", "#7a8a1d", "#6b7788", "#b86a2b"];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // uPlot wants one ascending x axis for all series, with gaps as null. Lines
  // share equal x; clouds of points keep each point, equal x or not.
  function align(series, shared) {
    const points = series.flatMap((s, k) => s.x.map((x, i) => ({ x, k, y: s.y[i] }))).sort((a, b) => a.x - b.x);
    const data = [[], ...series.map(() => [])];
    for (const { x, k, y } of points) {
      const xs = data[0];
      if (!shared || xs.at(-1) !== x) { xs.push(x); for (let j = 1; j < data.length; j++) data[j].push(null); }
      data[k + 1][xs.length - 1] = y;
    }
    return data;
  }

  const short = (v) => v == null ? "–" : Math.abs(v) >= 1e5 || (v !== 0 && Math.abs(v) < 1e-3) ? v.toExponential(2) : String(+v.toPrecision(4));

  function options(spec, width) {
    const axis = (label) => ({
      stroke: css("--muted"), font: "11px " + css("--sans"), label, labelFont: "11px " + css("--sans"), labelSize: 18, size: label ? 46 : 42,
      grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, values: (_, vs) => vs.map(short),
    });
    const points = spec.kind === "points";
    return {
      width, height: spec.height || 240, scales: { x: { time: false }, y: spec.log ? { distr: 3 } : {} },
      cursor: { points: { size: 6 } }, legend: { show: !points && spec.series.length <= 12 },
      axes: [{ ...axis(spec.x), size: 34 }, { ...axis(spec.y), size: 52 }],
      series: [{ label: spec.x || "x", value: (_, v) => short(v) }, ...spec.series.map((s, i) => ({
        label: s.name, stroke: s.color || palette[i % palette.length], width: points && !s.line ? 0 : 1.8, dash: s.dash, spanGaps: true,
        paths: points && !s.line ? () => null : undefined, points: { show: points && !s.line, size: 7, fill: (s.color || palette[i % palette.length]) + "aa", width: 0 },
        value: (_, v) => short(v),
      }))],
    };
  }

  const drawn = new Map();

  function draw(el) {
    let spec;
    try { spec = JSON.parse(el.dataset.chart); } catch { return; }
    drawn.get(el)?.destroy();
    el.textContent = "";
    if (spec.diagonal && spec.series.length) {
      const all = spec.series.flatMap((s) => [...s.x, ...s.y]);
      const range = spec.range || [Math.min(...all), Math.max(...all)];
      spec.series = [...spec.series, { name: "ideal", x: range, y: range, line: true, dash: [5, 5], color: css("--faint") }];
    }
    el.closest(".card")?.toggleAttribute("hidden", !!spec.over && !spec.series?.some((s) => s.x.length));
    if (!spec.series?.some((s) => s.x.length)) { el.innerHTML = '<p class="muted small">No points yet.</p>'; return; }
    drawn.set(el, new uPlot(options(spec, el.clientWidth || 480), align(spec.series, spec.kind !== "points"), el));
  }

  function all(root = document) { root.querySelectorAll("[data-chart]").forEach(draw); }

  // A live chart asks data-src every few seconds until the server says it is over.
  async function live(el) {
    for (;;) {
      try {
        const answer = await fetch(el.dataset.src);
        if (answer.ok) {
          const spec = await answer.json();
          el.dataset.chart = JSON.stringify(spec);
          draw(el);
          if (spec.over) return;
        }
      } catch { /* the server may be restarting: ask again */ }
      await new Promise((r) => setTimeout(r, 1500));
      if (!el.isConnected) return;
    }
  }

  let timer;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(all, 120); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all());
  const start = () => { all(); document.querySelectorAll("[data-src]").forEach(live); };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", start) : start();
  globalThis.macawCharts = { all, draw, live };
})();
