/* What the rest stands on: elements made without markup, files of data, words in two languages, the state in the address bar. */
"use strict";

const CT = {};

/* --- elements. Text is only ever a text node; there is no way here to give markup. --- */

CT.fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
};
CT.h = (tag, attributes, ...children) => CT.fill(document.createElement(tag), attributes, children);
CT.s = (tag, attributes, ...children) =>
  CT.fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/* An address of a document becomes a link only where following it can do nothing but open a page. */
CT.link = (address) => {
  let safe = false;
  try {
    safe = ["http:", "https:"].includes(new URL(address).protocol);
  } catch (error) {
    safe = false;
  }
  return safe ? CT.h("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, address) : CT.h("span", {}, address);
};

/* --- files of data --- */

const NAME = /^(index|[0-9]{6}(\.[em][0-9]+)?|d[0-9]+)$/;
const asked = new Map(); // name -> {promise, resolve}
const files = window.trustedTypes
  ? window.trustedTypes.createPolicy("covid-timeline-data", {
      createScriptURL: (path) => {
        if (!NAME.test(path.replace(/^data\//, "").replace(/\.js$/, ""))) throw new TypeError("no file of this page");
        return path;
      },
    })
  : { createScriptURL: (path) => path };

CT.put = (name, value) => {
  const waiting = asked.get(name);
  if (waiting) waiting.resolve(value);
};

CT.load = (name) => {
  if (!NAME.test(name)) return Promise.reject(new Error("no such file"));
  if (asked.has(name)) return asked.get(name).promise;
  const entry = {};
  entry.promise = new Promise((resolve, reject) => {
    entry.resolve = resolve;
    const script = document.createElement("script");
    script.src = files.createScriptURL(`data/${name}.js`);
    script.onload = () => script.remove();
    script.onerror = () => {
      asked.delete(name);
      reject(new Error(name));
    };
    document.head.append(script);
  });
  asked.set(name, entry);
  return entry.promise;
};

/* Rows come as lists, with the names of the columns once. */
CT.objects = (table) =>
  table.rows.map((row) => Object.fromEntries(table.columns.map((column, i) => [column, row[i]])));

const parts = new Map();
CT.part = (code, kind, n) => {
  const name = `${code}.${kind}${n}`;
  if (!parts.has(name)) parts.set(name, CT.load(name).then((table) => CT.objects(table).map((row) => ({ ...row, part: n }))));
  return parts.get(name);
};
CT.all = async (code, kind, count) => {
  const found = [];
  for (let n = 0; n < count; n += 1) found.push(await CT.part(code, kind, n));
  return found.flat();
};
/* The events of several places, by day; each knows its place. Many small files, so some at a time. */
CT.gather = async (codes, told) => {
  let found = [];
  for (let i = 0; i < codes.length; i += 40) {
    told(i, codes.length);
    const some = codes.slice(i, i + 40);
    const rows = await Promise.all(some.map((code) => CT.all(code, "e", Math.ceil(CT.places.get(code).nEvents / CT.index.part))));
    found = found.concat(...rows.map((one, j) => one.map((row) => ({ ...row, place: some[j] }))));
  }
  const key = (row) => `${row.date_start || row.date_end || "9"} ${row.date_end || "9"}`;
  return found.map((row) => [key(row), row]).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
};
CT.document = async (number) => {
  const table = await CT.load(`d${Math.floor(number / CT.index.documents)}`);
  const row = table.rows[number % CT.index.documents];
  return Object.fromEntries(table.columns.map((column, i) => [column, row[i]]));
};

/* --- words --- */

const WORDS = {
  about: ["Dated, placed figures and events read from Chinese news of early 2020, each with the characters it was read from.", "2020年初中国新闻中的数字与事件：何时、何地、出自哪一句。"],
  place: ["Place", "地区"],
  type: ["Type a place: 聊城, Liaocheng, 371500", "输入地名：聊城、Liaocheng、371500"],
  noPlace: ["Nothing here is called so.", "没有这个地区的数据。"],
  unknown: ["No place here has the code ", "没有这个编码的地区："],
  empty: ["These tables hold no event and no figure.", "表中没有事件，也没有数字。"],
  choose: ["Choose a place above, or one of those with the most days:", "请在上方选择地区，或从记载最多的地区开始："],
  skip: ["Skip to content", "跳到正文"],
  otherLang: ["中文", "English"],
  comma: [", ", "，"],
  values: ["values by day", "逐日数值"],
  events: ["Events", "事件"],
  figures: ["Figures", "数字"],
  curves: ["Curves", "曲线"],
  noCurve: ["No value by day is known of this place.", "该地区没有逐日数值。"],
  asTable: ["Values as a table", "以表格显示"],
  more: ["More", "更多"],
  fewer: ["Fewer", "收起"],
  gap: ["Gap: no statement for the day.", "断开处：当日无记载。"],
  open: ["Open mark: a value of a moment within the day.", "空心点：日内某时的数值。"],
  band: ["Band: sources disagree.", "色带：来源不一致。"],
  dashed: ["Dashed line: the count changes its meaning.", "虚线：统计口径变化。"],
  hint: ["Choose a point to read its sentence. With the keyboard: arrows, then Enter.", "点选数据点查看原句；键盘用方向键与回车。"],
  day: ["Day", "日期"],
  from: ["From", "自"],
  to: ["To", "至"],
  value: ["Value", "数值"],
  documents: ["documents", "篇文档"],
  search: ["Search", "搜索"],
  category: ["Category", "类别"],
  status: ["Status", "性质"],
  all: ["all", "全部"],
  clear: ["Clear filters", "清除筛选"],
  found: ["found", "条"],
  of: ["of", "／"],
  none: ["Nothing fits these filters.", "没有符合筛选条件的内容。"],
  showFigures: ["Show all figures of this place", "显示该地区全部数字"],
  close: ["Close", "关闭"],
  readFrom: ["Read from", "出自"],
  noSentence: ["The sentence is not in these tables. It stands at characters ", "表中没有原句。位置：第"],
  until: [" to ", "至"],
  ofText: [" of the text with the SHA-256 below.", "个字符，文本的SHA-256见下。"],
  number: ["number", "数字"],
  dayMark: ["day", "日期"],
  placeMark: ["place", "地点"],
  slots: ["How it was read", "如何读出"],
  slot: ["slot", "要素"],
  read: ["read as", "读作"],
  basis: ["basis", "依据"],
  trace: ["relation and rule", "关系与规则"],
  document: ["Document", "文档"],
  title: ["title", "标题"],
  medium: ["medium", "来源"],
  published: ["published", "发布"],
  unstated: ["not stated", "未写明"],
  address: ["address", "网址"],
  span: ["characters", "字符位置"],
  licence: ["licence", "许可"],
  repeats: ["repeats", "重复自"],
  others: ["Other statements of the same day", "同日其他记载"],
  inEvent: ["Event", "所属事件"],
  figuresInIt: ["Figures in it", "其中的数字"],
  partOf: ["part of", "属于"],
  sameAs: ["same statement as", "同一陈述"],
  id: ["id", "编号"],
  rule: ["rule", "规则"],
  noRow: ["No row of this place has the id ", "该地区没有编号为此的行："],
  broken: ["A file of this page could not be loaded: ", "页面文件无法读取："],
  indicator: ["indicator", "指标"],
  measure: ["counted", "所计"],
  kindOfCount: ["new, cumulative or current", "新增、累计或现有"],
  group: ["who is counted", "统计对象"],
  period: ["day", "日期"],
  chosenBy: ["chosen by", "选取依据"],
  correction: ["a correction", "订正"],
  falls: ["falls: below the value before it", "低于前值"],
  within: ["inside", "下辖"],
  everywhere: ["Search the events of all places", "搜索全部地区的事件"],
  everywhereTitle: ["Events of all places", "全部地区的事件"],
  withInside: ["Also the events of the places inside", "包括下辖地区的事件"],
  onlyHere: ["Only the events of this place itself", "只看本级事件"],
  reading: ["Reading the events of the places: ", "正在读取各地事件："],
  allOf: ["All that is known of ", "查看全部："],
};

CT.t = (key) => WORDS[key][CT.state.lang === "zh" ? 1 : 0];
CT.word = (vocabulary, word) => {
  const both = (CT.index.words[vocabulary] || {})[word];
  return both ? both[CT.state.lang === "zh" ? 1 : 0] : word === null || word === undefined ? "" : String(word);
};
CT.number = (value) => Number(value).toLocaleString("en-US", { maximumFractionDigits: 6 });
/* For a narrow place: 50.7B, 506.8亿. */
CT.short = (value) => {
  const compact = { notation: "compact", maximumFractionDigits: 1 };
  return Math.abs(value) < 1e6 ? CT.number(value) : Number(value).toLocaleString(CT.state.lang === "zh" ? "zh-CN" : "en-US", compact);
};
CT.amount = (row) => {
  const signs = { about: "≈ ", nearly: "≲ ", more_than: "> ", at_least: "≥ ", less_than: "< ", at_most: "≤ " };
  const high = row.value_high === null || row.value_high === undefined ? "" : `–${CT.number(row.value_high)}`;
  return `${signs[row.qualifier] || ""}${CT.number(row.value)}${high} ${CT.word("units", row.unit)}`;
};
CT.period = (start, end) => (!start || start === end ? end || "" : `${start} – ${end}`);
CT.placeName = (code) => {
  const place = CT.places.get(code);
  return place ? (CT.state.lang === "zh" ? place.name : place.en) : code;
};

/* --- state: what the address bar says after # --- */

const KEYS = ["place", "lang", "show", "cat", "status", "from", "to", "q", "row", "figures", "all", "at"];
CT.read = () => {
  const said = new URLSearchParams(window.location.hash.slice(1));
  const state = {};
  for (const key of KEYS) state[key] = said.get(key) || "";
  state.lang = state.lang === "zh" || (!state.lang && navigator.language.toLowerCase().startsWith("zh")) ? "zh" : "en";
  for (const key of ["from", "to"]) if (!/^\d{4}-\d{2}-\d{2}$/.test(state[key])) state[key] = "";
  return state;
};
CT.address = (changes) => {
  const next = { ...CT.state, ...changes };
  const said = new URLSearchParams();
  for (const key of KEYS) if (next[key]) said.set(key, next[key]);
  return `#${said}`;
};
/* A step that the back button takes back; `quiet` for what is typed letter by letter. */
CT.go = (changes, quiet) => {
  const address = CT.address(changes);
  if (address === window.location.hash) return;
  if (quiet) window.location.replace(address);
  else window.location.hash = address;
};
CT.state = CT.read();
