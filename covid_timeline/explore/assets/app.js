/* The page: choosing a place, and showing what the address bar says. */
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const [main, aside, input, options, said] = ["main", "detail", "place", "places", "said"].map(byId);
  const tileCount = () => (window.innerWidth < 620 ? 6 : 12); // indicators shown before "more"
  const FIRST = "confirmed_cumulative"; // what is drawn where nothing was chosen
  let shown = {}; // the state that is on the page
  let view = null; // of the place that is on the page
  let serial = 0; // of the last change: a slower one must not overwrite a newer
  let opener = null; // what had the focus before the panel opened

  /* --- choosing a place --- */

  const fold = (text) => text.toLowerCase().replace(/[^a-z0-9\u3400-\u9fff]/g, "");
  const rank = (place, query) => {
    const names = place.folded;
    if (place.code === query || names.includes(query)) return 0;
    if (names.some((name) => name.startsWith(query)) || place.code.startsWith(query)) return 1;
    return names.some((name) => name.includes(query)) ? 2 : 9;
  };
  const matches = (text) => {
    const query = fold(text);
    const weight = (place) => (place.level ? place.nDays + place.nEvents : 0);
    const all = [...CT.places.values()].filter((place) => place.known);
    if (!query) return all.sort((a, b) => weight(b) - weight(a)).slice(0, 12);
    return all.map((place) => [rank(place, query), place]).filter(([n]) => n < 9)
      .sort(([a, p], [b, q]) => a - b || weight(q) - weight(p)).slice(0, 12).map(([, place]) => place);
  };
  const counts = (place) => `${place.nDays} ${CT.t("values")}${CT.t("comma")}${place.nEvents} ${CT.t("events").toLowerCase()}`;
  const names = (place) => (CT.state.lang === "zh" ? [place.name, place.en] : [place.en, place.name]);
  const close = () => {
    options.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (code) => {
    close();
    input.value = "";
    input.blur();
    CT.go({ place: code, show: "", cat: "", status: "", from: "", to: "", q: "", row: "", figures: "", all: "", at: "" });
  };
  const suggest = () => {
    const found = matches(input.value);
    options.replaceChildren(...(found.length ? found.map((place, i) =>
      CT.h("li", {
        role: "option", id: `option-${i}`, "aria-selected": "false", "data-code": place.code,
        onpointerdown: (event) => { event.preventDefault(); choose(place.code); },
      }, CT.h("b", {}, names(place)[0]), ` ${names(place)[1]}`,
        CT.h("small", {}, [place.parent && place.parent !== "100000" ? CT.placeName(place.parent) : "", counts(place)].filter(Boolean).join(" · "))))
      : [CT.h("li", { class: "none" }, CT.t("noPlace"))]));
    options.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  };
  const step = (by) => {
    const all = [...options.querySelectorAll("[role=option]")];
    if (!all.length) return;
    const now = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const next = (now + by + all.length + (now < 0 && by < 0 ? 1 : 0)) % all.length;
    all.forEach((one, i) => one.setAttribute("aria-selected", i === next ? "true" : "false"));
    all[next].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", all[next].id);
  };
  input.addEventListener("input", suggest);
  input.addEventListener("focus", suggest);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (options.hidden) suggest();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const on = options.querySelector("[aria-selected=true]") || options.querySelector("[role=option]");
      if (!options.hidden && on) choose(on.dataset.code);
    } else return;
    event.preventDefault();
  });

  /* --- what is always there --- */

  const frame = () => {
    document.documentElement.lang = CT.state.lang === "zh" ? "zh-CN" : "en";
    byId("place-label").textContent = CT.t("place");
    input.placeholder = CT.t("type");
    byId("lang").textContent = CT.t("otherLang");
    byId("lang").lang = CT.state.lang === "zh" ? "en" : "zh-CN";
    byId("skip").textContent = CT.t("skip");
    const { version, schema, counts: n } = CT.index;
    byId("footer").textContent = `covid_timeline ${version}, schema ${schema} · ${CT.number(n.documents)} ${CT.t("documents")}, ${CT.number(n.events)} ${CT.t("events").toLowerCase()}, ${CT.number(n.metrics)} ${CT.t("figures").toLowerCase()}`;
  };
  byId("lang").addEventListener("click", () => CT.go({ lang: CT.state.lang === "zh" ? "en" : "zh" }));
  byId("skip").addEventListener("click", () => main.focus());
  byId("title").addEventListener("click", () => CT.go(Object.fromEntries(Object.keys(CT.state).map((key) => [key, key === "lang" ? CT.state.lang : ""]))));

  const placeLinks = (places) => CT.h("ul", { class: "links" }, places.map((place) =>
    CT.h("li", {}, CT.h("a", { href: CT.address({ place: place.code, show: "", row: "", figures: "", all: "", at: "" }) }, CT.placeName(place.code)), CT.h("small", {}, ` ${counts(place)}`))));

  const welcome = () => {
    const empty = ![...CT.places.values()].some((place) => place.known);
    main.replaceChildren(CT.h("p", { class: "about" }, CT.t("about")),
      empty ? "" : CT.h("p", { class: "everywhere" }, CT.h("button", { type: "button", onclick: () => CT.go({ all: "1" }) }, CT.t("everywhere"))),
      empty ? CT.h("p", { class: "none" }, CT.t("empty")) : CT.h("p", {}, CT.t("choose")), placeLinks(matches("")));
  };

  /* What lies inside a place, itself among it; every place where none is named. */
  const within = (code) => [...CT.places.values()].filter((one) => {
    let outer = one.code;
    for (let n = 0; outer && outer !== code && n < 9; n += 1) outer = (CT.places.get(outer) || {}).parent;
    return one.known && one.nEvents && (!code || outer === code);
  }).map((one) => one.code);
  const gather = (code) => {
    const told = CT.h("p", { class: "counts", role: "status" });
    main.prepend(told);
    return CT.gather(within(code), (n, of) => { told.textContent = `${CT.t("reading")}${n} ${CT.t("of")} ${of}`; }).finally(() => told.remove());
  };

  /* The events of all places: what the first page leads to. */
  const everywhere = async (now) => {
    const events = await gather("");
    if (now !== serial) return;
    const filters = CT.filters(events, [...new Set(events.map((event) => event.status))].sort());
    const [lists, eventsTitle] = [CT.h("div", { class: "lists" }), CT.h("h2", { id: "place-title", tabindex: -1 })];
    main.replaceChildren(CT.h("section", { class: "events" }, eventsTitle, filters.element, lists));
    view = { code: "", data: null, events, order: [], filters, lists, eventsTitle, drawn: null };
  };

  /* --- a place --- */

  const series = (data) => {
    const turn = (table) => Object.fromEntries(Object.entries(table).map(([word, rows]) =>
      [word, rows.map((row) => Object.fromEntries(data.columns.map((column, i) => [column, row[i]])))]));
    return { ...data, days: turn(data.days), moments: turn(data.moments) };
  };

  const show = async (code, now) => {
    const data = series(await CT.load(code));
    const inner = within(code).filter((one) => one !== code);
    const events = CT.state.all ? await gather(code) : await CT.all(code, "e", data.parts.e);
    if (now !== serial) return;
    const place = CT.places.get(code);
    const above = [];
    for (let outer = place.parent; outer; outer = (CT.places.get(outer) || {}).parent) above.unshift(outer);
    const inside = [...CT.places.values()].filter((one) => one.known && one.parent === code);
    const order = Object.keys({ ...data.days, ...data.moments }).sort((a, b) => (b === FIRST) - (a === FIRST) ||
      (data.days[b] || []).length - (data.days[a] || []).length || (data.moments[b] || []).length - (data.moments[a] || []).length || (a < b ? -1 : 1));
    const tiles = CT.h("div", { class: "tiles", role: "group", "aria-label": CT.t("indicator") });
    const chart = CT.h("div", { class: "chart-room" });
    const filters = CT.filters(events, [...new Set(events.map((event) => event.status))].sort());
    const lists = CT.h("div", { class: "lists" });
    const figures = CT.h("div", { class: "lists" });
    const figuresButton = CT.h("button", { type: "button", onclick: () => CT.go({ figures: CT.state.figures ? "" : "all" }) });
    const eventsTitle = CT.h("h3", {});
    main.replaceChildren(
      CT.h("nav", { "aria-label": CT.t("place") }, CT.h("ol", { class: "path" }, above.map((outer) => {
        const known = (CT.places.get(outer) || {}).known;
        return CT.h("li", {}, known ? CT.h("a", { href: CT.address({ place: outer, show: "", row: "", figures: "", at: "" }) }, CT.placeName(outer)) : CT.placeName(outer));
      }))),
      CT.h("h2", { id: "place-title", tabindex: -1 }, names(place)[0], " ", CT.h("small", {}, names(place)[1])),
      CT.h("p", { class: "counts" }, counts(place), `${CT.t("comma")}${place.nFigures} ${CT.t("figures").toLowerCase()}`),
      inside.length ? CT.h("details", {}, CT.h("summary", {}, `${inside.length} ${CT.t("within")}`), placeLinks(inside)) : "",
      CT.h("section", { class: "curves" }, CT.h("h3", {}, CT.t("curves")), order.length ? [tiles, chart] : CT.h("p", { class: "none" }, CT.t("noCurve"))),
      CT.h("section", { class: "events" }, eventsTitle,
        inner.length ? CT.h("p", { class: "widen" }, CT.h("button", { type: "button", onclick: () => CT.go({ all: CT.state.all ? "" : "1", at: "", row: "" }) }, CT.state.all ? CT.t("onlyHere") : `${CT.t("withInside")} (${inner.length})`)) : "",
        filters.element, lists),
      place.nFigures ? CT.h("section", { class: "figures" }, figuresButton, figures) : "");
    view = { code, data, events, order, tiles, chart, filters, lists, eventsTitle, figures, figuresButton, drawn: null, all: false };
    said.textContent = `${names(place)[0]}: ${counts(place)}`;
  };

  const drawTiles = () => {
    const { order, data, tiles } = view;
    const chosen = current();
    const TILES = tileCount();
    const some = view.all || order.length <= TILES ? order : order.slice(0, TILES).includes(chosen) ? order.slice(0, TILES) : [...order.slice(0, TILES - 1), chosen];
    tiles.replaceChildren(...some.map((word) => {
      const days = data.days[word] || [];
      const last = days[days.length - 1] || data.moments[word][data.moments[word].length - 1];
      return CT.h("button", { type: "button", class: "tile", "aria-pressed": word === chosen ? "true" : "false", "data-indicator": word, onclick: () => CT.go({ show: word }) },
        CT.h("span", { class: "name" }, CT.word("indicators", word)), days.length ? CT.spark(days) : "", CT.h("span", { class: "last" }, CT.short(last.value)));
    }), order.length > TILES ? CT.h("button", { type: "button", class: "more", onclick: () => { view.all = !view.all; drawTiles(); } }, view.all ? CT.t("fewer") : `${CT.t("more")} (${order.length - TILES})`) : "");
  };
  const current = () => {
    if (view.order.includes(CT.state.show)) return CT.state.show;
    // An address that names a value but no indicator means the indicator of the value.
    const { days, moments } = view.data;
    const holds = (word) => [...(days[word] || []), ...(moments[word] || [])].some((row) => row.metric_id === CT.state.row);
    return (CT.state.row && view.order.find(holds)) || view.order[0];
  };
  const openRow = (row) => CT.go({ row: row.metric_id, at: "" });

  const drawChart = () => {
    const word = current();
    const { data, chart } = view;
    const days = data.days[word] || [];
    const moments = data.moments[word] || [];
    const label = `${CT.word("indicators", word)}, ${CT.placeName(view.code)}`;
    const width = Math.max(280, Math.floor(chart.clientWidth || main.clientWidth));
    const drawn = CT.chart({ days, moments, breaks: data.breaks.filter((one) => one.indicators.includes(word)), label, width, selected: CT.state.row, open: openRow });
    const fill = () => {
      if (table.querySelector("table")) return;
      const rows = [...days, ...moments].sort((a, b) => (a.date + (a.clock || "24:00") < b.date + (b.clock || "24:00") ? -1 : 1));
      table.append(CT.h("div", { class: "scroll" }, CT.h("table", {}, CT.h("caption", {}, label),
        CT.h("thead", {}, CT.h("tr", {}, [CT.t("day"), CT.t("value"), CT.t("documents")].map((name) => CT.h("th", { scope: "col" }, name)))),
        CT.h("tbody", {}, rows.map((row) => CT.h("tr", {}, CT.h("th", { scope: "row" }, row.date, row.clock ? ` ${row.clock}` : ""),
          CT.h("td", {}, CT.h("a", { href: CT.address({ row: row.metric_id, at: "" }) }, CT.amount(row))), CT.h("td", {}, row.n_sources)))))));
    };
    const table = CT.h("details", { class: "table", ontoggle: () => table.open && fill() }, CT.h("summary", {}, CT.t("asTable")));
    view.fill = fill;
    chart.replaceChildren(CT.h("h4", {}, label), drawn.element, table);
    view.drawn = drawn;
    view.word = word;
  };

  const drawLists = () => {
    view.filters.update();
    const list = CT.eventLists(view.events, Math.max(280, Math.floor(main.clientWidth)));
    view.eventsTitle.textContent = `${CT.t(view.code ? "events" : "everywhereTitle")} (${list.n}${list.n === view.events.length ? "" : ` ${CT.t("of")} ${view.events.length}`})`;
    view.lists.replaceChildren(list.element);
    if (shown.place === CT.state.place) said.textContent = `${list.n} ${CT.t("found")}`;
  };
  const drawFigures = async (now) => {
    view.figuresButton.textContent = CT.state.figures ? CT.t("fewer") : `${CT.t("showFigures")} (${CT.places.get(view.code).nFigures})`;
    view.figuresButton.setAttribute("aria-expanded", CT.state.figures ? "true" : "false");
    if (!CT.state.figures) return view.figures.replaceChildren();
    const rows = await CT.all(view.code, "m", view.data.parts.m);
    if (now !== serial) return undefined;
    return view.figures.replaceChildren(CT.h("h3", {}, CT.t("figures")), CT.figureList(rows).element);
  };

  /* --- the panel --- */

  const drawDetail = async (now) => {
    const id = CT.state.row;
    if (!id) {
      const had = !aside.hidden && aside.contains(document.activeElement);
      aside.hidden = true;
      aside.replaceChildren();
      document.body.classList.remove("reading");
      if (had && opener && opener.isConnected) opener.focus();
      return;
    }
    if (!aside.contains(document.activeElement)) opener = document.activeElement;
    const home = CT.state.at || view.code;
    const data = home === view.code ? view.data : (CT.places.get(home) || {}).known ? series(await CT.load(home)) : null;
    const content = data ? await CT.detail(id, data, home) : [CT.h("p", { class: "none" }, CT.t("noRow"), id)];
    if (now !== serial) return;
    aside.replaceChildren(CT.h("button", { type: "button", class: "close", onclick: () => CT.go({ row: "", at: "" }) }, CT.t("close")), ...[content].flat(2));
    aside.hidden = false;
    aside.scrollTop = 0;
    document.body.classList.add("reading");
    aside.querySelector("h2")?.focus({ preventScroll: true });
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !aside.hidden && document.activeElement !== input) CT.go({ row: "", at: "" });
  });

  /* --- showing the state --- */

  const render = async () => {
    const now = (serial += 1);
    CT.state = CT.read();
    const state = CT.state;
    const fresh = state.place !== shown.place || state.lang !== shown.lang || state.all !== shown.all;
    try {
      frame();
      document.title = state.place && CT.places.has(state.place) ? `${CT.placeName(state.place)} – covid_timeline` : "covid_timeline";
      const known = (CT.places.get(state.place) || {}).known;
      if (!known && (state.place || !state.all)) {
        view = null;
        welcome();
        if (state.place) main.prepend(CT.h("p", { class: "none" }, CT.t("unknown"), state.place));
        aside.hidden = true;
        document.body.classList.remove("reading");
      } else {
        if (fresh || !view) {
          await (known ? show(state.place, now) : everywhere(now));
          if (now !== serial) return;
        }
        const word = view.order.length ? current() : "";
        if (word) drawTiles();
        const before = aside.hidden;
        await drawDetail(now);
        if (now !== serial) return;
        const moved = before !== aside.hidden;
        if (view.order.length && (fresh || moved || view.word !== word || !view.drawn)) drawChart();
        else if (view.drawn) view.drawn.mark(state.row);
        const filtered = ["cat", "status", "from", "to", "q"].some((key) => state[key] !== shown[key]);
        if (fresh || moved || filtered) drawLists();
        if (known && (fresh || filtered || state.figures !== shown.figures)) await drawFigures(now);
        if (state.place !== shown.place && shown.place !== undefined && !state.row) byId("place-title")?.focus();
      }
      for (const entry of document.querySelectorAll("a.entry")) entry.setAttribute("aria-current", entry.dataset.id === state.row ? "true" : "false");
      shown = { ...state };
      document.body.dataset.ready = String(now);
    } catch (error) {
      main.prepend(CT.h("p", { class: "none", role: "alert" }, CT.t("broken"), error.message));
    }
  };

  const start = async () => {
    CT.index = await CT.load("index");
    const known = CT.index.places.map(([code, name, short, en, level, parent, nDays, nEvents, nFigures]) => ({ code, name, short, en, level, parent, nDays, nEvents, nFigures, known: true }));
    const outer = CT.index.outer.map(([code, name, short, en, level, parent]) => ({ code, name, short, en, level, parent, nDays: 0, nEvents: 0, nFigures: 0, known: false }));
    CT.places = new Map([...outer, ...known].map((place) => [place.code, { ...place, folded: [place.name, place.short, place.en].map(fold).filter(Boolean) }]));
    window.addEventListener("hashchange", render);
    // Paper cannot be unfolded: what is folded is opened for it, and closed again.
    let unfolded = [];
    window.addEventListener("beforeprint", () => {
      view?.fill?.();
      unfolded = [...main.querySelectorAll("details:not([open])")];
      for (const one of unfolded) one.open = true;
    });
    window.addEventListener("afterprint", () => { for (const one of unfolded.splice(0)) one.open = false; });
    let width = window.innerWidth;
    window.addEventListener("resize", () => {
      if (window.innerWidth === width || !view) return;
      width = window.innerWidth;
      if (view.order.length) drawChart();
      drawLists();
    });
    await render();
  };
  start().catch((error) => {
    main.replaceChildren(CT.h("p", { class: "none", role: "alert" }, CT.t("broken"), error.message));
  });
})();
