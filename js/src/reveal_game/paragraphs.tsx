/** Text that a host wrote: plain, a paragraph where a line is empty, line breaks kept. */
export function Paragraphs({ text }: { text: string }) {
  return (
    <>
      {text
        .trim()
        .split(/\n[^\S\n]*\n\s*/)
        .map((paragraph, i) => (
          <p key={i} class="inv-paragraph" dir="auto">
            {paragraph}
          </p>
        ))}
    </>
  );
}
