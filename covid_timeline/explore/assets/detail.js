/* One value or event: the sentence with number, day and place marked, how each slot was read, the document. */
"use strict";

(() => {
  const sentence = (row) => {
    if (!row.says) {
      return CT.h("p", { class: "nowhere" }, CT.t("noSentence"), row.char_start, CT.t("until"), row.char_end, CT.t("ofText"));
    }
    const names = { n: "number", d: "dayMark", p: "placeMark" };
    return CT.h("blockquote", { class: "sentence", lang: "zh" }, row.says.map((piece) => {
      const kind = piece[0];
      if (kind === "…") return CT.h("span", { class: "gap" }, " … ");
      if (!(kind in names)) return piece.slice(1);
      return CT.h("mark", { class: kind, title: CT.t(names[kind]) }, CT.h("span", { class: "unseen" }, `${CT.t(names[kind])}: `), piece.slice(1));
    }));
  };

  /* `slot=relation:rule; slot=relation:rule` */
  const traced = (trace) => Object.fromEntries((trace || "").split(";").map((part) => part.trim()).filter(Boolean).map((part) => {
    const cut = part.indexOf("=");
    return cut < 0 ? [part, ""] : [part.slice(0, cut), part.slice(cut + 1)];
  }));

  const line = (name, value) => (value === null || value === undefined || value === "" ? null : [CT.h("dt", {}, name), CT.h("dd", {}, value)]);

  const slots = (row, isEvent, code) => {
    const how = traced(row.trace);
    const place = row.region_name || CT.placeName(code);
    const rows = isEvent
      ? [["category", CT.t("category"), CT.word("categories", row.category), ""],
         ["date", CT.t("period"), CT.period(row.date_start, row.date_end), CT.word("date_bases", row.basis)],
         ["region", CT.t("place"), place, CT.word("region_bases", row.region_basis)],
         ["status", CT.t("status"), CT.word("statuses", row.status), ""]]
      : [["value", CT.t("value"), CT.amount(row), CT.word("qualifiers", row.qualifier)],
         ["subject", CT.t("indicator"), CT.word("indicators", row.indicator), CT.word("indicator_bases", row.indicator_basis)],
         ["counted", CT.t("measure"), row.measure, ""],
         ["period", CT.t("period"), CT.period(row.date_start, row.date_end), CT.word("date_bases", row.date_basis)],
         ["region", CT.t("place"), place, CT.word("region_bases", row.region_basis)],
         ["status", CT.t("status"), CT.word("statuses", row.status), ""]];
    const known = new Set(rows.map(([slot]) => slot));
    const rest = Object.keys(how).filter((slot) => !known.has(slot)).map((slot) => [slot, { measure: CT.t("kindOfCount"), group: CT.t("group"), whole: CT.t("partOf") }[slot] || slot, "", ""]);
    return CT.h("div", { class: "scroll" }, CT.h("table", { class: "slots" },
      CT.h("caption", {}, CT.t("slots")),
      CT.h("thead", {}, CT.h("tr", {}, ["slot", "read", "basis", "trace"].map((key) => CT.h("th", { scope: "col" }, CT.t(key))))),
      CT.h("tbody", {}, [...rows, ...rest].map(([slot, name, value, basis]) =>
        CT.h("tr", {}, CT.h("th", { scope: "row" }, name), CT.h("td", { class: name === CT.t("period") ? "date" : null }, value), CT.h("td", {}, basis), CT.h("td", { class: "rule" }, (how[slot] || "").split(/(?<=[:.,])/).flatMap((piece) => [piece, CT.h("wbr", {})])))))));
  };

  const about = (doc, row) => CT.h("section", { class: "document" }, CT.h("h3", {}, CT.t("document")), CT.h("dl", {},
    line(CT.t("title"), doc.title), line(CT.t("medium"), doc.source || CT.t("unstated")),
    line(CT.t("published"), doc.published_at ? doc.published_at.replace("T", " ") : CT.t("unstated")),
    line(CT.t("address"), doc.url ? CT.link(doc.url) : null),
    line(CT.t("id"), doc.doc_id), line(CT.t("span"), `${row.char_start} – ${row.char_end}`), line("SHA-256", doc.sha256),
    line(CT.t("licence"), doc.licence), line(CT.t("repeats"), doc.duplicate_of)));

  /* The row of that id: {row, isEvent}, or null. */
  const find = async (id, place, code) => {
    const event = (await CT.all(code, "e", place.parts.e)).find((row) => row.event_id === id);
    if (event) return { row: event, isEvent: true };
    const known = [...Object.values(place.days), ...Object.values(place.moments)].flat().find((row) => row.metric_id === id);
    const order = [...Array(place.parts.m).keys()];
    if (known && known.part !== null) order.unshift(known.part);
    for (const n of order) {
      const row = (await CT.part(code, "m", n)).find((one) => one.metric_id === id);
      if (row) return { row, isEvent: false };
    }
    return null;
  };

  CT.detail = async (id, place, code) => {
    const found = await find(id, place, code);
    const home = (row) => ({ ...row, place: code });
    if (!found) return CT.h("p", { class: "none" }, CT.t("noRow"), id);
    const { row, isEvent } = found;
    const doc = await CT.document(row.doc_id);
    const heading = isEvent ? CT.word("categories", row.category) : CT.amount(row);
    const under = isEvent
      ? CT.headline(row)
      : [CT.word("indicators", row.indicator), row.region_name || CT.placeName(code), CT.period(row.date_start, row.date_end)].filter(Boolean).join(" · ");
    const more = [];
    if (isEvent && place.parts.m <= 3) {
      const inside = (await CT.all(code, "m", place.parts.m)).filter((one) => one.event_id === id);
      if (inside.length) more.push(CT.h("h3", {}, CT.t("figuresInIt")), CT.list(inside.map(home), CT.figureEntry));
    }
    if (!isEvent) {
      const same = (await CT.part(code, "m", row.part)).filter((one) =>
        one.metric_id !== id && one.indicator === row.indicator && row.indicator !== "other" && one.date_end === row.date_end && one.date_end);
      if (same.length) more.push(CT.h("h3", {}, CT.t("others")), CT.list(same.map(home), CT.figureEntry));
      const event = row.event_id && (await CT.all(code, "e", place.parts.e)).find((one) => one.event_id === row.event_id);
      if (event) more.push(CT.h("h3", {}, CT.t("inEvent")), CT.list([home(event)], CT.eventEntry));
    }
    const values = [...Object.values(place.days), ...Object.values(place.moments)].flat();
    const chosen = values.find((one) => one.metric_id === id);
    return [
      CT.h("h2", { id: "detail-title", tabindex: -1 }, heading),
      CT.h("p", { class: "under" }, under),
      code === CT.state.place ? "" : CT.h("p", {}, CT.h("a", { href: CT.address({ place: code, row: id, at: "", all: "", cat: "", status: "", from: "", to: "", q: "" }) }, CT.t("allOf"), CT.placeName(code))),
      CT.h("h3", {}, CT.t("readFrom")),
      sentence(row),
      slots(row, isEvent, code),
      CT.h("dl", {}, line(CT.t("id"), id), line(CT.t("rule"), row.rule),
        line(CT.t("chosenBy"), chosen && chosen.chosen_by ? CT.word("choices", chosen.chosen_by) : null),
        line(CT.t("partOf"), row.part_of), line(CT.t("sameAs"), row.repeat_of)),
      about(doc, row),
      more,
    ];
  };
})();
