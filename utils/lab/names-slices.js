// Much work in small pieces, so that the page can be used meanwhile.
const SLICE = 12; // milliseconds

/** Calls `work(i)` for i = 0..count-1; `after(done)` follows each slice. Stands still while `hold()`. */
export function createSlices({ hold, failed }) {
  let timer = 0;
  function stop() {
    clearTimeout(timer);
    timer = 0;
  }
  return {
    stop,
    isWorking: () => timer !== 0,
    begin(count, work, after) {
      stop();
      let done = 0;
      const slice = () => {
        try {
          const end = performance.now() + SLICE;
          while (!hold() && done < count && performance.now() < end) work(done++);
          timer = done < count ? setTimeout(slice, hold() ? 200 : 0) : 0;
          after(done);
        } catch (error) {
          stop();
          failed(error);
        }
      };
      timer = setTimeout(slice, 0);
    },
  };
}
