/** A round and its result share one layout, so that nothing jumps: the picture, and beside it (below on a phone) what is asked. */
import { useContext } from "preact/hooks";
import { Context } from "./context";
import { Picture } from "./picture";
import { ResultBar, ResultPanel } from "./result";
import { RoundPanel, StepBar } from "./round";
import type { ResultScreen, RoundScreen } from "./screens";

export function Play({ screen }: { screen: RoundScreen | ResultScreen }) {
  const { store } = useContext(Context);
  const round = store.round.value;
  return (
    <div class="inv-play" data-kind={screen.kind}>
      <div class="inv-play-stage">
        <Picture key={screen.round} screen={screen} />
        {screen.kind === "result" ? <ResultBar /> : <StepBar screen={screen} />}
      </div>
      {screen.kind === "result" ? (
        <ResultPanel key={screen.round} screen={screen} />
      ) : (
        round && <RoundPanel key={round.token} screen={screen} round={round} />
      )}
    </div>
  );
}
