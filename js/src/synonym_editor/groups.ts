/** Groups of words as the kernel sent them, and what a change makes of them until the kernel's answer comes. Pure. */

/** Who says that a word is in its group; empty: nobody. */
export type Why = "" | "you" | "table" | "WordNet" | "embeddings" | "head noun";

export interface Member {
  readonly word: string;
  readonly count: number;
  readonly why: Why;
}

export interface Group {
  readonly name: string;
  readonly members: readonly Member[];
  readonly count: number;
}

export type Change =
  | { kind: "move"; word: string; group: string }
  | { kind: "split"; word: string }
  | { kind: "rename"; group: string; name: string }
  | { kind: "unite"; group: string; into: string };

/** From `[name, [[word, times, why], ...]]`. */
export function readGroups(sent: unknown): Group[] {
  if (!Array.isArray(sent)) return [];
  return sent.map(([name, members]: [string, [string, number, Why][]]) =>
    group(
      name,
      members.map(([word, count, why]) => ({ word, count, why })),
    ),
  );
}

/** A word that stands by itself under its own name. */
export const isSingle = ({ name, members }: Group): boolean => members.length === 1 && members[0]?.word === name;

export function groupOf(groups: readonly Group[], word: string): Group | undefined {
  return groups.find(({ members }) => members.some((member) => member.word === word));
}

/** What a change will most likely lead to; the kernel decides. */
export function changed(groups: readonly Group[], change: Change): Group[] {
  switch (change.kind) {
    case "move":
      return moved(groups, change.word, change.group);
    case "split":
      return moved(groups, change.word, change.word);
    case "unite": {
      const from = groups.find(({ name }) => name === change.group);
      if (!from) return [...groups];
      return groups
        .filter(({ name }) => name !== change.group)
        .map((other) => (other.name === change.into ? group(other.name, [...other.members, ...from.members]) : other));
    }
    case "rename":
      if (groups.some(({ name }) => name === change.name))
        return changed(groups, { kind: "unite", group: change.group, into: change.name });
      return groups.map((other) => (other.name === change.group ? group(change.name, other.members) : other));
  }
}

function moved(groups: readonly Group[], word: string, to: string): Group[] {
  const from = groupOf(groups, word);
  const member = from?.members.find((one) => one.word === word);
  if (!from || !member || (from.name === to && to !== word) || isAlone(from, to)) return [...groups];
  const mine: Member = { ...member, why: "you" };
  const result: Group[] = [];
  for (const other of groups) {
    let members = other.members.filter((one) => one.word !== word);
    let name = other.name;
    if (other === from) {
      if (members.length === 0) continue;
      if (name === word) name = members[0]?.word ?? name;
    }
    if (other.name === to && other !== from) members = [...members, mine];
    result.push(group(name, members));
  }
  if (!result.some(({ name }) => name === to)) result.push(group(to, [mine]));
  return result;
}

const isAlone = (from: Group, to: string): boolean => isSingle(from) && from.name === to;

/** Groups with a word, or a name, that contains what is searched for. */
export function found(groups: readonly Group[], search: string): Group[] {
  const wanted = search.trim().toLowerCase();
  if (!wanted) return [...groups];
  return groups.filter(
    ({ name, members }) => name.includes(wanted) || members.some(({ word }) => word.includes(wanted)),
  );
}

function group(name: string, members: readonly Member[]): Group {
  return { name, members, count: members.reduce((sum, { count }) => sum + count, 0) };
}
