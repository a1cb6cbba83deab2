/** The cluster maps that were merged into one because people call them the same; each can be opened by itself. */
import { useRef, useState } from "preact/hooks";
import { percent } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { Picture } from "../core/payload";
import { alongRow } from "../core/roving";
import { Heat } from "./heat";
import type { Open } from "./store";
import { memberColour, memberName, spoken, title } from "./words";

interface MembersProps {
  picture: Picture;
  open: Open;
  width: number;
  /** The member that was open last: where the Tab key goes. */
  last: string | undefined;
  onOpen: (open: Open) => void;
}

export function Members({ picture, open, width, last, onOpen }: MembersProps) {
  const row = useRef<HTMLUListElement>(null);
  const t = useTranslate();
  const { column, cluster } = open;
  const { members = [] } = cluster;
  const across = Math.min(Math.max(2, members.length), Math.max(2, Math.floor((width + 12) / 112)), 4);
  const size = Math.floor((width - 12 * (across - 1)) / across);
  const [stop, setStop] = useState(() =>
    Math.max(
      0,
      members.findIndex(({ id }) => id === last),
    ),
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(row.current?.querySelectorAll("button") ?? [])];
    const to = alongRow(event.key, buttons.indexOf(event.target as HTMLButtonElement), buttons.length);
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    setStop(to);
    buttons[to]?.focus();
  };
  return (
    <section aria-label={t("explorer.members")}>
      <h4>
        {t("explorer.members")} <span class="inv-quiet">{t("explorer.members_words", { count: members.length })}</span>
      </h4>
      <ul class="inv-members" ref={row} style={{ "--across": across }} onKeyDown={onKeyDown}>
        {members.map((member, i) => (
          <li key={member.id}>
            <button
              type="button"
              class="inv-member"
              data-member={member.id}
              style={memberColour(i)}
              aria-label={t("explorer.member_open", { member: memberName(t, i), words: spoken(t, member) })}
              tabIndex={i === stop ? 0 : -1}
              onClick={() => onOpen({ column, cluster, member })}
              {...GUARDED}
            >
              <Heat
                picture={picture}
                column={column}
                map={member.map}
                width={size}
                maxHeight={1.25 * size}
                mode="overlay"
              />
              <span class="inv-member-labels">
                <span class="inv-dot" />
                <span dir="auto">{title(t, member)}</span>
              </span>
              <span class="inv-member-foot inv-quiet">
                <span>{memberName(t, i)}</span>
                <span class="inv-number">{percent(member.weight, 1, t)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
