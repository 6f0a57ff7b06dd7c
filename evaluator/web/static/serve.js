// Makes the pages better where scripts run; without this file everything works, with a page load more.
"use strict";

const statusOf = (form) => form.querySelector("[data-status]");

/** Says something to everybody: shown, and read out by screen readers. */
function say(place, text) {
  if (place) place.textContent = text;
}

function countWords(field) {
  const words = field.value.trim() ? field.value.trim().split(/\s+/).length : 0;
  const place = field.form.querySelector("[data-words]");
  if (place) place.textContent = words === 1 ? "1 word" : `${words} words`;
}

/** Sends the answer and puts the new page in place of the old one, without losing what was typed if that fails. */
async function checkInPlace(form) {
  const button = form.querySelector("button:not([type])");
  const body = new URLSearchParams(new FormData(form));
  button.disabled = true;
  say(statusOf(form), "Reading your answer …");
  try {
    const response = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const main = page.querySelector("main");
    if (!main || !main.querySelector("[data-in-place]")) {
      throw new Error(page.querySelector("#problem")?.textContent);
    }
    document.querySelector("main").replaceWith(document.adoptNode(main));
    document.title = page.title;
    history.replaceState(null, "", response.url.split("#")[0]);
    prepare();
    const target = document.querySelector("#problem") || document.querySelector("#feedback-title");
    target.focus();
    target.scrollIntoView();
  } catch (error) {
    button.disabled = false;
    say(statusOf(form), (error.name === "Error" && error.message) || "The program does not answer. Is it still running?");
  }
}

/** Offers dictation where the browser has it, on this computer where it can. */
async function offerDictation(form) {
  const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
  const button = form.querySelector("[data-dictate]");
  if (!Recognition || !button) return;
  const note = form.querySelector("[data-dictate-note]");
  const field = form.querySelector("textarea");
  let local = false;
  try {
    local = (await Recognition.available?.({ langs: ["en-US"], processLocally: true })) === "available";
  } catch {
    local = false;
  }
  note.textContent = local
    ? "Dictation: your browser turns speech into text on this computer."
    : "Dictation: your browser may send what you say to its maker to turn it into text. Type if you do not want that.";
  button.hidden = note.hidden = false;
  let running = null;
  button.addEventListener("click", () => {
    if (running) {
      running.stop();
      return;
    }
    running = new Recognition();
    running.lang = "en-US";
    running.continuous = true;
    if (local) running.processLocally = true;
    running.onresult = (event) => {
      for (const result of Array.from(event.results).slice(event.resultIndex)) {
        if (result.isFinal) field.value = `${field.value.trimEnd()} ${result[0].transcript.trim()}`.trimStart();
      }
      countWords(field);
    };
    running.onerror = (event) => say(statusOf(form), `Dictation stopped (${event.error}). You can go on typing.`);
    running.onend = () => {
      running = null;
      button.setAttribute("aria-pressed", "false");
      button.textContent = "Dictate";
    };
    running.start();
    button.setAttribute("aria-pressed", "true");
    button.textContent = "Stop dictating";
  });
}

/** Refuses a file that is too large before it is sent. */
function refuseTooLarge(event) {
  const form = event.target;
  const limit = Number(form.dataset.maxBytes);
  const file = form.querySelector("input[type=file]").files[0];
  if (file && file.size > limit) {
    event.preventDefault();
    say(statusOf(form), `This file is larger than ${limit / 1e6} MB. Split it, or use the command: evaluator score`);
  } else if (file) {
    say(statusOf(form), "Uploading …");
  }
}

/** Follows the scoring; every tenth part is said aloud. */
async function follow(place) {
  let said = 0;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    let news;
    try {
      const response = await fetch(place.dataset.progress);
      if (!response.ok) throw new Error();
      news = await response.json();
    } catch {
      say(statusOf(place), "The program does not answer. Look again in a while.");
      continue;
    }
    place.querySelector("progress").value = news.done;
    place.querySelector("[data-done]").textContent = news.done;
    const tenth = Math.floor((10 * news.done) / news.total);
    if (tenth > said) say(statusOf(place), `${news.done} of ${news.total} answers scored`);
    said = tenth;
    if (news.state !== "scoring") {
      location.reload();
      return;
    }
  }
}

function prepare() {
  for (const form of document.querySelectorAll("[data-in-place]")) {
    const field = form.querySelector("textarea");
    countWords(field);
    field.addEventListener("input", () => countWords(field));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      checkInPlace(form);
    });
    offerDictation(form);
  }
  for (const form of document.querySelectorAll("[data-max-bytes]")) form.addEventListener("submit", refuseTooLarge);
  for (const form of document.querySelectorAll("[data-busy]")) {
    form.addEventListener("submit", () => say(statusOf(form), form.dataset.busy));
  }
  for (const place of document.querySelectorAll("[data-progress]")) follow(place);
}

prepare();
