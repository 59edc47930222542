// Many events draw once: what they changed is drawn with the next frame.

const REST = 2; // a drawing is followed by a pause so many times as long, for whoever types and clicks, and for what comes in
const UNSEEN_MS = 250; // a page out of sight gets no frames, and its title still tells how many wait

/** A function that asks for `draw`, which is then done once for all who asked. */
export function soon(draw) {
  let isAsked = false; // since the drawing last begun
  let isUnderWay = false;
  let rested_at = 0;

  const ask = () => {
    isAsked = true;
    if (isUnderWay) return;
    isUnderWay = true;
    setTimeout(nextFrame, Math.max(0, rested_at - performance.now()));
  };
  const nextFrame = () => {
    let isDone = false;
    const once = () => {
      if (isDone) return;
      isDone = true;
      clearTimeout(otherwise);
      run();
    };
    const otherwise = setTimeout(once, UNSEEN_MS);
    requestAnimationFrame(once);
  };
  const run = () => {
    const begun_at = performance.now();
    isAsked = false;
    try {
      draw();
    } finally { // a drawing that fails is told of in the console, and what comes next is drawn all the same
      setTimeout(() => { // behind the frame: what it took to lay out and paint counts too
        const now = performance.now();
        rested_at = now + REST * (now - begun_at);
        isUnderWay = false;
        if (isAsked) ask();
      });
    }
  };
  return ask;
}
