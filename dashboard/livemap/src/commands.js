// What a dispatcher can do, each with its reverse; ghosts stand until the desk has answered.
import { FLAG } from "./store.js";
import { Problem, path } from "./http.js";

const UNDO_LIMIT = 30;

// what somebody goes by who makes a move; when a plan changed something else on the ticket in that very moment,
// the move is made on what is there now
const GONE_BY = {
  assign: ["status", "engineer", "isLocked"],
  dispatch: ["status", "engineer"],
  lock: ["status", "engineer", "isLocked"],
  unlock: ["status", "engineer", "isLocked"],
  release: ["status"],
};
// how long the row that made a move stale may take to come
const NEWS_MS = 2000;
const LOOK_MS = 40;
// a second plan may come while the first one's news are awaited
const MOST_REPEATS = 2;

const seen = (ticket, names) => JSON.stringify(names.map((name) => (name === "isLocked" ? Boolean(ticket.flags & FLAG.locked) : ticket[name] ?? null)));
const isStale = (problem) => problem instanceof Problem && problem.code === "stale_version" && problem.facts.what === "Ticket";

/** Return the step that takes a command back, or null when nothing can. */
export function reverseOf(name, before, body) {
  const at = (move, more = {}) => ({ name: move, ticket: before.id, body: more });
  const wasLocked = Boolean(before.flags & FLAG.locked);
  if (name === "lock") return at("unlock");
  if (name === "unlock") return at("lock");
  if (name === "hold") return at("release");
  if (name === "release") return null;
  if (name !== "assign" || body.engineer === undefined) return null;
  if (!before.engineer) return at("unlock");
  const back = at("assign", { engineer: before.engineer });
  if (Number.isInteger(before.position)) back.body.position = before.position;
  // a planned ticket that the planner had chosen goes back to the planner's hands
  return wasLocked ? back : { ...back, then: at("unlock") };
}

/** Sends commands with key and expected version, and remembers how to take them back. */
export class Commands {
  constructor({ store, http, onGhost, say }) {
    Object.assign(this, { store, http, onGhost, say });
    this.undoable = [];
  }

  /** Run one command on a ticket; resolves to true when the desk took it. A form that waits is told why not. */
  async run(name, id, body = {}, { isUndo = false, isQuiet = false, tell = null } = {}) {
    const ticket = this.store.tickets.get(id);
    const before = ticket ? { ...ticket, position: this.store.visitOf.get(id)?.position } : { id, flags: 0 };
    const sent = { ...body };
    if (!isUndo && Number.isInteger(ticket?.version)) sent.expected_version = ticket.version;
    if (name === "assign") this.#ghost(id, body.engineer);
    try {
      const answer = await this.#send(name, before, sent);
      this.#reached(id, answer?.version);
      this.#done(name, before, body, isUndo);
      return true;
    } catch (problem) {
      if (isQuiet) this.#forget(id);
      else this.#refused(name, id, body, problem, tell);
      return false;
    }
  }

  /** Send a move; again when the ticket is another version, but still what the move went by. */
  async #send(name, before, sent) {
    for (let repeats = 0; ; repeats += 1) {
      try {
        return await this.http.post(path("tickets", before.id, name), sent);
      } catch (problem) {
        const mayRepeat = repeats < MOST_REPEATS && isStale(problem) && GONE_BY[name];
        const version = mayRepeat ? await this.#asSeen(name, before, problem.facts.actual) : null;
        if (version === null) throw problem;
        sent.expected_version = version;
      }
    }
  }

  /** The ticket's version once that news has come, or null when it is not what the move went by. */
  async #asSeen(name, before, version) {
    const now = () => this.store.tickets.get(before.id);
    for (let waited = 0; now()?.version < version && waited < NEWS_MS; waited += LOOK_MS) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    return now()?.version >= version && seen(now(), GONE_BY[name]) === seen(before, GONE_BY[name]) ? now().version : null;
  }

  /** Ask for a second engineer with the same skills at the same time, and show that ticket. */
  async second(id, skills) {
    try {
      const answer = await this.http.post(path("tickets", id, "second"), { skills: skills.map(({ name, level }) => ({ name, level })) });
      this.say("done", "done.second", { ticket: answer.ticket.joins });
    } catch (problem) {
      this.#refused("second", id, {}, problem);
    }
  }

  /** Take the last command back. */
  async undo() {
    const last = this.undoable.pop();
    if (!last) return this.say("info", "undo.nothing");
    for (let step = last; step; step = step.then) {
      // its old place may be gone by now: it goes to the planner's hands all the same
      const isQuiet = Boolean(step.then);
      if (!(await this.run(step.name, step.ticket, step.body, { isUndo: true, isQuiet })) && !isQuiet) return;
    }
    this.say("done", "undo.done", { ticket: last.ticket });
  }

  #ghost(id, engineer) {
    this.store.ghosts.set(id, { engineer });
    this.onGhost();
  }

  #done(name, before, body, isUndo) {
    if (name === "assign") {
      // the row that brings the engineer usually came before the answer did
      setTimeout(() => this.#forget(before.id), 4000);
    }
    if (isUndo) return;
    const reverse = reverseOf(name, before, body);
    if (reverse) this.undoable = [...this.undoable, reverse].slice(-UNDO_LIMIT);
    const engineer = this.store.engineers.get(body.engineer)?.name ?? body.engineer ?? "";
    this.say("done", `did.${name}`, { ticket: before.id, engineer }, { canUndo: Boolean(reverse) });
  }

  #refused(name, id, body, problem, tell = null) {
    this.#forget(id);
    const isKnown = problem instanceof Problem;
    if (isKnown && problem.code === "not_eligible" && !body.reason) return this.say("ask", problem.message, { name, id, body });
    // who looks again and repeats repeats on what is there now
    if (isStale(problem)) this.#reached(id, problem.facts.actual);
    if (tell) return tell(isKnown ? problem.message : null);
    if (isKnown) return this.say("error", null, { text: problem.message });
    this.say("error", "error.network");
  }

  #reached(id, version) {
    const ticket = this.store.tickets.get(id);
    if (ticket && Number.isInteger(version)) ticket.version = Math.max(ticket.version, version);
  }

  #forget(id) {
    if (this.store.ghosts.delete(id)) this.onGhost();
  }
}
