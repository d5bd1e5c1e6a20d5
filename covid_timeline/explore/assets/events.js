/* Events and figures of a place: filters, a strip of categories by day, and lists that grow on demand. */
"use strict";

(() => {
  const STEP = 100; // entries shown at once

  const fold = (text) => String(text ?? "").toLowerCase();
  const said = (row) => (row.says ? row.says.map((piece) => piece.slice(piece[0] === "…" ? 0 : 1)).join("") : "");

  CT.headline = (event) => {
    const made = CT.state.lang === "zh" ? event.headline_zh : event.headline_en;
    return made || event.summary || said(event) || CT.word("categories", event.category);
  };
  /* Without the place and the days, which stand beside it. */
  const what = (event) => {
    const made = CT.headline(event);
    return made === event.summary ? made : made.slice(made.indexOf(": ") < 0 ? 0 : made.indexOf(": ") + 2);
  };

  /* Where the sentence is withheld, a word of a topic finds the headline that names the topic. */
  const aboutThat = (row, word) => row.headline_zh && CT.index.topics.some(([pattern, label]) =>
    new RegExp(pattern, "u").test(word) && (row.headline_zh.includes(`（${label}`) || row.headline_zh.includes(`、${label}`)));

  CT.passes = (row, state, skip) => {
    const start = row.date_start || row.date_end;
    if (state.status && skip !== "status" && row.status !== state.status) return false;
    if (state.from && (!row.date_end || row.date_end < state.from)) return false;
    if (state.to && (!start || start > state.to)) return false;
    if (state.cat && skip !== "cat" && row.category !== undefined && !state.cat.split(",").includes(row.category)) return false;
    if (state.q) {
      const where = [row.place && CT.placeName(row.place), row.headline_zh, row.headline_en, row.summary, said(row), row.measure, row.region_name, row.event_id, row.metric_id,
        row.indicator && CT.word("indicators", row.indicator), row.category && CT.word("categories", row.category)].map(fold).join("\n");
      if (!fold(state.q).split(/\s+/).every((word) => where.includes(word) || (!row.says && aboutThat(row, word)))) return false;
    }
    return true;
  };

  const tag = (row) => (row.status === "reported" ? null : CT.h("span", { class: `tag ${row.status}` }, CT.word("statuses", row.status)));

  const eventEntry = (event) =>
    CT.h("li", {},
      CT.h("a", { class: "entry", href: CT.address({ row: event.event_id, at: event.place && event.place !== CT.state.place ? event.place : "" }), "data-id": event.event_id },
        CT.h("span", { class: "when" }, CT.period(event.date_start, event.date_end), event.time_start ? ` ${event.time_start}` : ""),
        CT.h("span", { class: `kind ${event.category}` }, CT.word("categories", event.category)),
        tag(event),
        CT.h("span", { class: "what" }, event.place && event.place !== CT.state.place ? CT.h("span", { class: "whose" }, CT.placeName(event.place)) : "", what(event))));

  const figureEntry = (figure) =>
    CT.h("li", {},
      CT.h("a", { class: "entry", href: CT.address({ row: figure.metric_id, at: figure.place && figure.place !== CT.state.place ? figure.place : "" }), "data-id": figure.metric_id },
        CT.h("span", { class: "when" }, CT.period(figure.date_start, figure.date_end)),
        CT.h("span", { class: "amount" }, CT.amount(figure)),
        tag(figure),
        CT.h("span", { class: "what" }, CT.word("indicators", figure.indicator), figure.measure ? ` · ${figure.measure}` : "",
          figure.region_name && figure.region_name !== (CT.places.get(CT.state.place) || {}).name ? ` · ${figure.region_name}` : "")));

  /* A list that shows its first entries and a button for more. */
  CT.list = (rows, entry) => {
    const list = CT.h("ol", { class: "entries" });
    const more = CT.h("button", { type: "button", class: "more" });
    let shown = 0;
    const grow = () => {
      const next = rows.slice(shown, shown + STEP);
      const first = shown;
      list.append(...next.map(entry));
      shown += next.length;
      more.hidden = shown >= rows.length;
      more.textContent = `${CT.t("more")} (${shown} ${CT.t("of")} ${rows.length})`;
      if (first) list.children[first].firstChild.focus();
    };
    more.addEventListener("click", grow);
    grow();
    return CT.h("div", {}, list, more);
  };
  CT.eventEntry = eventEntry;
  CT.figureEntry = figureEntry;

  /* Categories by day; the larger a mark, the more events. It filters the list below. */
  const strip = (events, width) => {
    const cells = new Map();
    for (const event of events) {
      const day = CT.dayNumber(event.date_end);
      const key = `${event.category} ${day}`;
      const cell = cells.get(key) || { category: event.category, day, n: 0 };
      cell.n += 1;
      cells.set(key, cell);
    }
    const order = Object.keys(CT.index.words.categories).filter((word) => events.some((event) => event.category === word));
    const days = [...cells.values()].map((cell) => cell.day).sort((a, b) => a - b);
    // What lies apart from the rest, a comparison with another year, must not flatten everything else.
    const middle = days[Math.floor(days.length / 2)];
    const near = days.filter((day) => Math.abs(day - middle) < 120);
    const [first, last] = [near[0] - 1, near[near.length - 1] + 1];
    const words = order.map((word) => CT.word("categories", word));
    const left = 14 + Math.max(...words.map((word) => [...word].reduce((n, one) => n + (one > "\u2e80" ? 12.5 : 6.6), 0)));
    const row = 22;
    const height = order.length * row + 30;
    const x = (day) => left + ((day - first) / (last - first)) * (width - left - 14);
    const layers = order.map((category, i) => [
      CT.s("line", { class: "grid", x1: left, x2: width - 10, y1: i * row + 14, y2: i * row + 14 }),
      CT.s("text", { class: "tick", x: left - 10, y: i * row + 18, "text-anchor": "end" }, words[i]),
    ]);
    for (const tick of CT.dayTicks(first + 1, last - 1, width - left))
      layers.push(CT.s("text", { class: "tick", x: x(tick), y: height - 6, "text-anchor": "middle" }, CT.dayLabel(tick)));
    const seen = [...cells.values()].filter((cell) => cell.day > first && cell.day < last).sort((a, b) => order.indexOf(a.category) - order.indexOf(b.category) || a.day - b.day);
    const marks = seen.map((cell, i) => {
      const name = `${CT.dayText(cell.day)} ${CT.word("categories", cell.category)}: ${cell.n}`;
      const choose = () => CT.go({ cat: cell.category, from: CT.dayText(cell.day), to: CT.dayText(cell.day) });
      return CT.s("circle", {
        class: `cell ${cell.category}`, cx: x(cell.day), cy: order.indexOf(cell.category) * row + 14, r: Math.min(9, 3 + 1.6 * Math.sqrt(cell.n)),
        role: "button", tabindex: i === 0 ? 0 : -1, "aria-label": name, onclick: choose,
      }, CT.s("title", {}, name));
    });
    return CT.s("svg", {
      class: "strip", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": CT.t("events"),
      onkeydown: (event) => {
        const i = marks.indexOf(document.activeElement);
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (i < 0) return;
        if (step) {
          const next = marks[Math.max(0, Math.min(marks.length - 1, i + step))];
          marks[i].setAttribute("tabindex", -1);
          next.setAttribute("tabindex", 0);
          next.focus();
        } else if (event.key === "Enter" || event.key === " ") marks[i].dispatchEvent(new Event("click"));
        else return;
        event.preventDefault();
      },
    }, layers, marks);
  };

  const field = (id, text, control) => CT.h("div", { class: "field" }, CT.h("label", { for: id }, text), control);

  /* Filters that stay while lists change under them, so that what is typed keeps the cursor. */
  CT.filters = (events, statuses) => {
    let timer = 0;
    const typed = (key) => (event) => {
      window.clearTimeout(timer);
      const value = event.target.value;
      timer = window.setTimeout(() => CT.go({ [key]: value }, true), 200);
    };
    const chosen = (key) => (event) => CT.go({ [key]: event.target.value });
    const chips = CT.h("div", { class: "chips", role: "group", "aria-label": CT.t("category") });
    const search = CT.h("input", { id: "q", type: "search", autocomplete: "off", oninput: typed("q") });
    const from = CT.h("input", { id: "from", type: "date", onchange: chosen("from") });
    const to = CT.h("input", { id: "to", type: "date", onchange: chosen("to") });
    const status = CT.h("select", { id: "status", onchange: chosen("status") }, CT.h("option", { value: "" }, CT.t("all")),
      statuses.map((word) => CT.h("option", { value: word }, CT.word("statuses", word))));
    const clear = CT.h("button", { type: "button", class: "clear", onclick: () => CT.go({ cat: "", status: "", from: "", to: "", q: "" }) }, CT.t("clear"));
    const update = () => {
      const state = CT.state;
      for (const [control, value] of [[search, state.q], [from, state.from], [to, state.to], [status, state.status]])
        if (control.value !== value && document.activeElement !== control) control.value = value;
      if (!state.q && document.activeElement === search && search.value && !timer) search.value = "";
      const counts = {};
      for (const event of events) if (CT.passes(event, state, "cat")) counts[event.category] = (counts[event.category] || 0) + 1;
      const on = new Set(state.cat ? state.cat.split(",") : []);
      const again = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.category : undefined;
      chips.replaceChildren(...Object.keys(CT.index.words.categories).filter((word) => counts[word] || on.has(word)).map((word) =>
        CT.h("button", {
          type: "button", class: `chip ${word}`, "aria-pressed": on.has(word) ? "true" : "false", "data-category": word,
          onclick: () => {
            const next = new Set(on);
            if (!next.delete(word)) next.add(word);
            CT.go({ cat: [...next].join(",") });
          },
        }, `${CT.word("categories", word)} ${counts[word] || 0}`)));
      if (again) [...chips.children].find((chip) => chip.dataset.category === again)?.focus();
      clear.hidden = !(state.cat || state.status || state.from || state.to || state.q);
    };
    return {
      element: CT.h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() }, chips,
        CT.h("div", { class: "fields" }, field("q", CT.t("search"), search), field("from", CT.t("from"), from), field("to", CT.t("to"), to),
          field("status", CT.t("status"), status), clear)),
      update,
    };
  };

  CT.eventLists = (events, width) => {
    const found = events.filter((event) => CT.passes(event, CT.state));
    if (!found.length) return { element: CT.h("p", { class: "none" }, CT.t("none")), n: 0 };
    return { element: CT.h("div", {}, strip(found, width), CT.list(found, eventEntry)), n: found.length };
  };
  CT.figureList = (figures) => {
    const found = figures.filter((figure) => CT.passes(figure, { ...CT.state, cat: "" })).sort((a, b) =>
      (a.date_end || "9") < (b.date_end || "9") ? -1 : (a.date_end || "9") > (b.date_end || "9") ? 1 : a.metric_id < b.metric_id ? -1 : 1);
    if (!found.length) return { element: CT.h("p", { class: "none" }, CT.t("none")), n: 0 };
    return { element: CT.list(found, figureEntry), n: found.length };
  };
})();
