/* The curve of one indicator: gaps open, moments as open marks, disagreement as a band, changes of meaning as dashed lines. */
"use strict";

(() => {
  const DAY = 86400000;
  const dayNumber = (text) => Date.parse(`${text}T00:00:00Z`) / DAY;
  const dayText = (number) => new Date(number * DAY).toISOString().slice(0, 10);
  CT.dayNumber = dayNumber;
  CT.dayText = dayText;

  /* A day's mark is its closing value; a value of an hour of the day stands before it. */
  const at = (row) => {
    const day = dayNumber(row.date);
    if (!row.clock || row.clock === "24:00") return day;
    const [hours, minutes] = row.clock.split(":").map(Number);
    return day - 1 + (hours * 60 + minutes) / 1440;
  };

  const steps = (low, high, most) => {
    const rough = (high - low) / most || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const found = [];
    for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) found.push(Number(value.toFixed(9)));
    return found;
  };

  CT.dayTicks = (first, last, width) => {
    const days = Math.max(1, last - first);
    const step = [1, 2, 3, 7, 14, 31, 62, 183, 366].find((n) => (days / n) * 62 <= width) || 1000;
    const found = [];
    for (let day = Math.ceil(first); day <= last; day += step) found.push(day);
    return found;
  };
  CT.dayLabel = (number) => {
    const [, month, day] = dayText(number).split("-").map(Number);
    const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
    return CT.state.lang === "zh" ? `${month}月${day}日` : `${day} ${months[month - 1]}`;
  };

  /* Runs of days that follow one another: only they are joined. */
  const runs = (points) => {
    const found = [];
    for (const point of points) {
      const run = found[found.length - 1];
      if (run && point.x - run[run.length - 1].x <= 1) run.push(point);
      else found.push([point]);
    }
    return found;
  };

  CT.spoken = (row) => {
    const said = [`${row.date}${row.clock ? ` ${row.clock}` : ""}: ${CT.amount(row)}`];
    if (row.n_sources > 1) said.push(`${row.n_sources} ${CT.t("documents")}`);
    if (row.conflict) said.push(`${CT.t("band")} ${CT.number(row.value_min)} – ${CT.number(row.value_max)}`);
    if (row.is_correction) said.push(CT.t("correction"));
    if (row.is_fall) said.push(CT.t("falls"));
    return said.join(CT.state.lang === "zh" ? "；" : "; ");
  };

  CT.spark = (days) => {
    const points = days.map((row) => ({ x: dayNumber(row.date), y: row.value }));
    const [first, last] = [points[0].x, points[points.length - 1].x];
    const top = Math.max(...points.map((p) => p.y), 1);
    const bottom = Math.min(...points.map((p) => p.y), 0);
    const place = (p) => `${(2 + ((p.x - first) / Math.max(1, last - first)) * 56).toFixed(1)},${(16 - ((p.y - bottom) / (top - bottom)) * 14).toFixed(1)}`;
    return CT.s(
      "svg",
      { width: 60, height: 18, class: "spark", "aria-hidden": "true" },
      runs(points).map((run) =>
        run.length > 1
          ? CT.s("polyline", { points: run.map(place).join(" ") })
          : CT.s("circle", { cx: place(run[0]).split(",")[0], cy: place(run[0]).split(",")[1], r: 1.3 }),
      ),
    );
  };

  /* The chart of `days` and `moments`; `open(row)` is called with the value that was chosen. */
  CT.chart = ({ days, moments, breaks, label, width, selected, open }) => {
    const narrow = width < 520;
    const height = narrow ? 240 : 300;
    const marked = breaks.map((one) => ({ ...one, x: dayNumber(one.date) })).sort((a, b) => a.x - b.x);
    const closing = days.map((row) => ({ row, x: at(row), y: row.value }));
    const within = moments.map((row) => ({ row, x: at(row), y: row.value, moment: true }));
    const points = [...closing, ...within].sort((a, b) => a.x - b.x || a.y - b.y);
    const low = Math.min(0, ...points.map((p) => p.row.value_min));
    const high = Math.max(...points.map((p) => p.row.value_max), low + 1);
    let first = points[0].x;
    let last = points[points.length - 1].x;
    if (last - first < 2) [first, last] = [first - 1, last + 1];
    const shown = marked.filter((one) => one.x > first && one.x <= last);
    const ticks = steps(low, high, narrow ? 4 : 5);
    const left = 14 + 7 * Math.max(...ticks.map((tick) => CT.short(tick).length));
    const [right, top, bottom] = [28, 12 + 15 * shown.length, height - 26];
    const x = (day) => left + ((day - first) / (last - first)) * (width - left - right);
    const y = (value) => bottom - ((value - low) / ((high - low) * 1.04)) * (bottom - top);

    const layers = [];
    for (const tick of ticks) {
      layers.push(CT.s("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }));
      layers.push(CT.s("text", { class: "tick", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, CT.short(tick)));
    }
    for (const tick of CT.dayTicks(first, last, width - left)) {
      layers.push(CT.s("line", { class: "axis", x1: x(tick), x2: x(tick), y1: bottom, y2: bottom + 4 }));
      layers.push(CT.s("text", { class: "tick", x: x(tick), y: bottom + 18, "text-anchor": "middle" }, CT.dayLabel(tick)));
    }
    layers.push(CT.s("line", { class: "axis", x1: left, x2: width - right, y1: bottom, y2: bottom }));
    shown.forEach((one, i) => {
      const words = { definition: ["definition changes", "口径变化"], assignment: ["assignment changes", "归属变化"], start: ["first published", "开始公布"] };
      const text = `${CT.placeName(one.place)} ${one.date.slice(5)}: ${(words[one.kind] || [one.kind, one.kind])[CT.state.lang === "zh" ? 1 : 0]}`;
      // After the line where it has room, else before it, else at the edge.
      const long = text.length * (CT.state.lang === "zh" ? 10 : 5.8);
      const room = [x(one.x) + 5, x(one.x) - 5 - long].find((start) => start > 0 && start + long < width);
      layers.push(
        CT.s("g", { class: "break" }, CT.s("title", {}, one.what),
          CT.s("line", { x1: x(one.x), x2: x(one.x), y1: 6 + 15 * i, y2: bottom }),
          CT.s("text", { x: room === undefined ? 2 : room, y: 14 + 15 * i }, text)),
      );
    });
    for (const run of runs(closing)) {
      if (run.some((p) => p.row.conflict)) {
        const spread = (p) => (p.row.conflict ? [p.row.value_min, p.row.value_max] : [p.y, p.y]);
        const half = run.length > 1 ? 0 : 3;
        const upper = run.map((p) => `${x(p.x) + half},${y(spread(p)[1])}`);
        const lower = run.map((p) => `${x(p.x) - half},${y(spread(p)[0])}`).reverse();
        if (half) {
          upper.unshift(`${x(run[0].x) - half},${y(spread(run[0])[1])}`);
          lower.unshift(`${x(run[0].x) + half},${y(spread(run[0])[0])}`);
        }
        layers.push(CT.s("polygon", { class: "band", points: [...upper, ...lower].join(" ") }));
      }
      layers.push(CT.s("polyline", { class: "curve", points: run.map((p) => `${x(p.x)},${y(p.y)}`).join(" ") }));
    }

    const tip = CT.h("div", { class: "tip", hidden: true });
    const marks = points.map((point, i) =>
      CT.s("circle", {
        class: `point${point.moment ? " moment" : ""}${point.row.conflict ? " conflict" : ""}`,
        cx: x(point.x), cy: y(point.y), r: point.moment ? 4 : 3.4,
        role: "button", tabindex: i === 0 ? 0 : -1, "aria-label": CT.spoken(point.row), "data-id": point.row.metric_id,
      }),
    );
    const say = (i) => {
      const point = points[i];
      tip.textContent = CT.spoken(point.row);
      tip.hidden = false;
    };
    const focus = (i) => {
      const wanted = Math.max(0, Math.min(points.length - 1, i));
      for (const mark of marks) mark.setAttribute("tabindex", -1);
      marks[wanted].setAttribute("tabindex", 0);
      marks[wanted].focus();
      say(wanted);
    };
    const mark = (id) => marks.forEach((one, i) => one.classList.toggle("selected", points[i].row.metric_id === id));
    const keys = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: 7, PageUp: -7, Home: -1e9, End: 1e9 };
    const svg = CT.s(
      "svg",
      {
        class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label,
        onkeydown: (event) => {
          const i = marks.indexOf(document.activeElement);
          if (i < 0) return;
          if (event.key in keys) focus(i + keys[event.key]);
          else if (event.key === "Enter" || event.key === " ") open(points[i].row);
          else return;
          event.preventDefault();
        },
        onfocusin: (event) => {
          const i = marks.indexOf(event.target);
          if (i >= 0) say(i);
        },
      },
      layers, marks,
    );
    // What a finger or a pointer means: the nearest mark, not the few pixels under it.
    const nearest = (event) => {
      const box = svg.getBoundingClientRect();
      const [px, py] = [event.clientX - box.left, event.clientY - box.top];
      let best = -1;
      let least = 40;
      points.forEach((point, i) => {
        const far = Math.hypot((x(point.x) - px) * 1.5, (y(point.y) - py) * 0.6);
        if (far < least) [best, least] = [i, far];
      });
      return best;
    };
    svg.addEventListener("pointermove", (event) => {
      const i = nearest(event);
      svg.classList.toggle("over", i >= 0);
      if (i >= 0) say(i);
    });
    svg.addEventListener("click", (event) => {
      const i = nearest(event);
      if (i >= 0) open(points[i].row);
    });
    mark(selected);
    const key = [CT.t("gap"), within.length && CT.t("open"), days.some((row) => row.conflict) && CT.t("band"), shown.length && CT.t("dashed")];
    return {
      element: CT.h("div", { class: "figure" }, svg, tip, CT.h("p", { class: "key" }, key.filter(Boolean).join(" "), " ", CT.t("hint"))),
      mark,
    };
  };
})();
