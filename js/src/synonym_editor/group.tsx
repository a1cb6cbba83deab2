/** A group as a card with its words, and a word that stands by itself. */
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";
import type { Group, Member } from "./groups";
import { type Item, sameItem } from "./store";

export function GroupCard({ group }: { group: Group }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const { name, members, count } = group;
  const over = store.over.value;
  const item: Item = { kind: "group", group: name };
  return (
    <li
      class="inv-group"
      data-drop="group"
      data-name={name}
      data-over={over?.kind === "group" && over.group === name}
      aria-label={t("synonyms.group", { group: name, count })}
    >
      <div class="inv-group-head">
        {store.renaming.value === name ? (
          <NameField name={name} />
        ) : (
          <button type="button" class="inv-group-name" data-group={name} {...handle(store, item)} {...GUARDED}>
            <bdi>{name}</bdi>
          </button>
        )}
        <span class="inv-number inv-quiet" title={t("synonyms.times", { count })}>
          {t.number(count)}
        </span>
      </div>
      <ul class="inv-words">
        {members.map((member) => (
          <li key={member.word}>
            <Word member={member} own={member.word === name} />
          </li>
        ))}
      </ul>
    </li>
  );
}

/** A word that stands by itself takes others in, too. */
export function Single({ group }: { group: Group }) {
  const { store } = useContext(Context);
  const over = store.over.value;
  const [member] = group.members;
  if (!member) return null;
  return (
    <li
      data-drop="group"
      data-name={group.name}
      data-over={over?.kind === "group" && over.group === group.name}
      class="inv-single"
    >
      {store.renaming.value === group.name ? <NameField name={group.name} /> : <Word member={member} own={false} />}
    </li>
  );
}

function Word({ member, own }: { member: Member; own: boolean }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const { word, count, why } = member;
  const unsaved = store.sent.value.changed.has(word);
  const about = [t("synonyms.times", { count }), reason(store, member), unsaved ? t("synonyms.unsaved") : ""];
  const text = about.filter(Boolean).join(", ");
  return (
    <button
      type="button"
      class="inv-word"
      data-word={word}
      data-own={own}
      data-why={why === "you" ? "you" : why ? "found" : ""}
      data-unsaved={unsaved}
      title={text}
      aria-label={`${word}, ${text}`}
      {...handle(store, { kind: "word", word })}
      {...GUARDED}
    >
      <bdi>{word}</bdi>
      <span class="inv-number" aria-hidden="true">
        {t.number(count)}
      </span>
    </button>
  );
}

/** Why a word is where it is, in words. */
export function reason({ t }: Context["store"], { why }: Member): string {
  switch (why) {
    case "":
      return "";
    case "you":
      return t.value("synonyms.why_you");
    case "table":
      return t.value("synonyms.why_table");
    case "WordNet":
      return t.value("synonyms.why_wordnet");
    case "embeddings":
      return t.value("synonyms.why_embeddings");
    case "head noun":
      return t.value("synonyms.why_head_noun");
  }
}

/** What makes an element something to focus, to open and to take. */
function handle(store: Context["store"], item: Item) {
  return {
    "aria-haspopup": "dialog" as const,
    "aria-expanded": sameItem(store.menu.value, item),
    "data-held": sameItem(store.held.value, item) || sameItem(store.dragged.value, item),
    tabIndex: sameItem(store.current.value, item) ? 0 : -1,
    onFocus: () => {
      store.current.value = item;
    },
    onClick: () => {
      if (store.held.peek()) return;
      store.menu.value = sameItem(store.menu.peek(), item) ? undefined : item;
    },
  };
}

function NameField({ name }: { name: string }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useLayoutEffect(() => field.current?.select(), []);
  const finish = (to: string) => {
    if (done.current) return;
    done.current = true;
    store.rename(name, to);
  };
  return (
    <input
      ref={field}
      class="inv-name-field"
      type="text"
      aria-label={t("synonyms.new_name", { group: name })}
      maxLength={60}
      value={name}
      onBlur={(event) => finish(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish(event.currentTarget.value);
        else if (event.key === "Escape") finish(name);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
      {...GUARDED}
    />
  );
}
