// Audio from the microphone, as a WAV file: what browsers record in, the server does not read.

import { by } from "./element.js";

export function recorder(onAudio) {
  const button = by("record");
  if (!navigator.mediaDevices?.getUserMedia) {
    button.hidden = true;
    return;
  }
  let running = null;
  button.addEventListener("click", async () => {
    if (running) {
      running.stop();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      button.textContent = "No microphone may be used";
      return;
    }
    const pieces = [];
    running = new MediaRecorder(stream);
    running.addEventListener("dataavailable", (event) => pieces.push(event.data));
    running.addEventListener("stop", async () => {
      for (const track of stream.getTracks()) track.stop();
      running = null;
      button.setAttribute("aria-pressed", "false");
      button.textContent = "Record again";
      onAudio(await asWav(new Blob(pieces)));
    });
    running.start();
    button.setAttribute("aria-pressed", "true");
    button.textContent = "Stop recording";
  });
}

async function asWav(recorded) {
  const context = new AudioContext();
  const audio = await context.decodeAudioData(await recorded.arrayBuffer());
  context.close();
  const samples = audio.getChannelData(0);
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const write = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, audio.sampleRate, true);
  view.setUint32(28, 2 * audio.sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, sample)), true));
  return new File([view], "recording.wav", { type: "audio/wav" });
}
