/** The game in numbers that are read from the back of the room. */
import type { DeskStore } from "./store";

export function Numbers({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const desk = store.desk.value;
  const guesses = desk.won + desk.lost;
  const right = desk.agreement.guess_right;
  const tiles = [
    { name: t("host.players"), value: t.number(desk.n_players), more: t("host.active", { count: desk.n_active }) },
    {
      name: t("host.rounds"),
      value: t.number(desk.n_rounds),
      more: desk.median_seconds === null ? "" : t("host.median", { count: Math.round(desk.median_seconds) }),
    },
    {
      name: t("host.covered"),
      value: t.percent(desk.n_maps > 0 ? desk.n_played / desk.n_maps : 0),
      more: t("host.of", { done: desk.n_played, total: desk.n_maps }),
    },
    {
      name: t("host.right"),
      value: right === null ? "–" : t.percent(right),
      more: t("host.guesses", { won: desk.won, count: guesses }),
    },
  ];
  return (
    <section class="inv-numbers" aria-label={t("host.numbers")}>
      <dl class="inv-big">
        {tiles.map(({ name, value, more }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="inv-number">{value}</span>
              <span class="inv-hint inv-number">{more}</span>
            </dd>
          </div>
        ))}
      </dl>
      <Progress store={store} />
      <ul class="inv-small-numbers">
        {[
          t("host.lost", { count: desk.lost }),
          t("host.resigned", { count: desk.resigned }),
          t("host.skipped", { count: desk.skipped }),
          t("host.withdrawn", { count: desk.withdrawn }),
          t("host.labels", { count: desk.labels }),
        ].map((words) => (
          <li key={words} class="inv-number">
            {words}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Played parts, and where the rules retire them, those that have enough rounds. */
function Progress({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { n_maps, n_played, n_retired, retire_after } = store.desk.value;
  const share = (count: number) => `${(100 * count) / Math.max(1, n_maps)}%`;
  const retires = retire_after !== null;
  const words = retires
    ? t("host.progress_retired", { played: n_played, retired: n_retired, total: n_maps, rounds: retire_after })
    : t("host.progress", { played: n_played, total: n_maps });
  return (
    <div class="inv-desk-progress">
      <div
        class="inv-desk-bar"
        role="progressbar"
        aria-label={t("host.covered")}
        aria-valuemin={0}
        aria-valuemax={n_maps}
        aria-valuenow={retires ? n_retired : n_played}
        aria-valuetext={words}
      >
        <span data-part="played" style={{ width: share(n_played) }} />
        {retires && <span data-part="retired" style={{ width: share(n_retired) }} />}
      </div>
      <p class="inv-hint inv-number">{words}</p>
    </div>
  );
}

export function Agreement({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { same_guess, shared_label, pairs } = store.desk.value.agreement;
  const rows = [
    { name: t("host.agree_same"), share: same_guess ?? null, words: t("host.agree_same_words") },
    {
      name: t("host.agree_label"),
      share: pairs > 0 ? shared_label : null,
      words: t("host.agree_label_words", { count: pairs }),
    },
  ];
  return (
    <section class="inv-desk-card" aria-label={t("host.agreement")}>
      <h3>{t("host.agreement")}</h3>
      <ul class="inv-agreement">
        {rows.map(({ name, share, words }) => (
          <li key={name}>
            <span>{name}</span>
            <b class="inv-number">{share === null ? "–" : t.percent(share)}</b>
            <span class="inv-bar" aria-hidden="true">
              <span style={{ width: `${100 * (share ?? 0)}%` }} />
            </span>
            <span class="inv-hint">{share === null ? t("host.agree_no_pairs") : words}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
