// The console's own behaviour: theme, keyboard, and the form that tries a model.
(() => {
  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const toggle = () => {
    root.dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    globalThis.macawCharts?.all();
  };
  document.getElementById("theme")?.addEventListener("click", toggle);

  // g o, g d, g r, g m go to a page; t switches the theme.
  const pages = { o: "/", d: "/datasets", r: "/runs", m: "/models" };
  let going = 0;
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(input|textarea|select)$/i.test(e.target.tagName)) return;
    if (Date.now() - going < 1200 && pages[e.key]) { location.href = pages[e.key]; return; }
    going = e.key === "g" ? Date.now() : 0;
    if (e.key === "t") toggle();
  });

  const form = document.querySelector("form[data-try]");
  if (!form) return;
  const answer = document.getElementById("answer");
  const file = form.querySelector("input[type=file]");
  const text = (tag, content, cls) => { const e = document.createElement(tag); e.textContent = content; if (cls) e.className = cls; return e; };

  // Shows {label, score, probabilities} or {prediction}; one row a class, best first.
  function show(result, picture) {
    answer.replaceChildren();
    const p = result.predictions?.[0] ?? result;
    if (picture) { const img = document.createElement("img"); img.src = picture; img.className = "shot pixel"; img.style.maxWidth = "140px"; img.alt = "what was asked"; answer.append(img); }
    const sure = p.score != null ? `  ${(100 * p.score).toFixed(1)} %` : "";
    answer.append(text("h3", `${p.label ?? Number(p.prediction ?? p.value).toPrecision(6)}${sure}`));
    const table = document.createElement("table");
    const rows = Object.entries(p.probabilities ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 10);
    for (const [name, v] of rows) {
      const tr = table.insertRow();
      tr.append(text("td", name));
      const td = tr.insertCell(); td.style.width = "60%"; td.innerHTML = '<span class="bartrack"><i></i></span>'; td.querySelector("i").style.width = 100 * v + "%";
      tr.append(text("td", (100 * v).toFixed(2) + " %", "num small"));
    }
    if (rows.length) answer.append(table);
  }

  async function ask(body, headers, picture) {
    answer.replaceChildren(text("p", "Asking…", "muted"));
    try {
      const r = await fetch(form.dataset.try, { method: "POST", body, headers });
      const result = await r.json();
      if (!r.ok) throw new Error(result.error ?? r.statusText);
      show(result, picture);
    } catch (e) { answer.replaceChildren(text("p", e.message, "wrong")); }
  }

  const askImage = (blob) => { const body = new FormData(); body.append("file", blob, blob.name || "image"); return ask(body, {}, URL.createObjectURL(blob)); };

  form.addEventListener("submit", (e) => {
    e.preventDefault();
    if (form.dataset.kind === "image") return file.files[0] && askImage(file.files[0]);
    const fields = Object.fromEntries(new FormData(form));
    if (form.dataset.kind === "text") return ask(fields.text, { "Content-Type": "text/plain" });
    return ask(JSON.stringify(fields), { "Content-Type": "application/json" });
  });
  file?.addEventListener("change", () => file.files[0] && askImage(file.files[0]));
  form.querySelectorAll("[data-src]").forEach((b) => b.addEventListener("click", async () => askImage(await (await fetch(b.dataset.src)).blob())));
  const drop = document.getElementById("drop");
  if (drop) {
    for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (e) => { e.preventDefault(); drop.classList.toggle("over", name === "dragover"); if (name === "drop" && e.dataTransfer.files[0]) askImage(e.dataTransfer.files[0]); });
    addEventListener("paste", (e) => { const f = e.clipboardData.files[0]; if (f) askImage(f); });
  }
})();
