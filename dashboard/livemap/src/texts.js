// The component's sentences, built in so that even an offline map can speak.
import en from "../../../dispatcher/texts/en/map.json" with { type: "json" };
import zh from "../../../dispatcher/texts/zh/map.json" with { type: "json" };

const CATALOGUE = { en, zh };

/** Fill `{name}` places; a missing fact keeps its braces so that it is seen. */
export function fill(template, facts) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** Return the speaker of one language: `t("close")` says `map.close`. */
export function speaker(lang) {
  const own = CATALOGUE[lang] ?? en;
  const t = (key, facts = {}) => fill(own[`map.${key}`] ?? en[`map.${key}`] ?? `map.${key}`, facts);
  t.lang = lang in CATALOGUE ? lang : "en";
  t.has = (key) => `map.${key}` in own;
  /** Text for a word of the protocol (a status, a state); unknown words are shown as they came. */
  t.word = (kind, word) => (t.has(`${kind}.${word}`) ? t(`${kind}.${word}`) : String(word ?? "").replaceAll("_", " "));
  return t;
}
