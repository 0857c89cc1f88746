// A read-only look at the tickets: queues, list, one ticket, live by server-sent events.
// Whatever comes from the server is put in as text, never as markup.
'use strict';

const byId = (id) => document.getElementById(id);
const view = { token: null, queue: null, search: '', cursor: null, ticket: null, position: 0, streams: [] };

class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
  }
}

function say(text) { byId('state').textContent = text; }

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function when(time) { return new Date(time).toLocaleString(); }

async function request(path, options = {}) {
  const headers = { Authorization: `Bearer ${view.token}`, ...options.headers };
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) {
    throw new Refused(response.status, await response.json().catch(() => ({})));
  }
  return response;
}

async function get(path) {
  const headers = view.position ? { 'Docket-Min-Position': String(view.position) } : {};
  return (await request(path, { headers })).json();
}

function failed(error) {
  if (error.status === 401) { signOut(); }
  say(error.message);
}

async function showQueues() {
  let counts;
  try {
    counts = await get('/v1/queues');
  } catch (error) {
    if (error.status !== 403) throw error;
    counts = { by_status: [] };
  }
  const list = byId('queues');
  const queue = (filter) => (row) => [`${filter}=${encodeURIComponent(row.key)}`, words(row.key), row.count];
  const rows = [[null, 'All', counts.total], ...counts.by_status.map(queue('status')),
    ...(counts.by_sla || []).filter((row) => row.open).map(queue('sla'))];
  list.replaceChildren(...rows.map(([queue, name, count]) => {
    const button = element('button');
    button.append(element('span', name), element('span', count === undefined ? '' : count.toLocaleString()));
    button.setAttribute('aria-current', String(queue === view.queue));
    button.addEventListener('click', () => { view.queue = queue; refresh().catch(failed); });
    const item = element('li');
    item.append(button);
    return item;
  }));
}

function words(key) { return key.replaceAll('_', ' '); }

// How a ticket stands with what was promised for it; nothing for those who don't see it.
function promise(ticket) {
  if (!ticket.sla || !ticket.sla.state) return '';
  return words(ticket.sla.state) + (ticket.sla.due_at ? `, due ${when(ticket.sla.due_at)}` : '');
}

function ticketRow(ticket) {
  const button = element('button', ticket.subject);
  const said = [ticket.number, words(ticket.status), ticket.priority, promise(ticket), when(ticket.updated_at)];
  button.append(element('small', said.filter(Boolean).join(' · ')));
  button.setAttribute('aria-current', String(ticket.id === view.ticket));
  button.addEventListener('click', () => {
    view.ticket = ticket.id;
    for (const other of document.querySelectorAll('#tickets button')) {
      other.setAttribute('aria-current', String(other === button));
    }
    showTicket().then(() => byId('ticket').focus()).catch(failed);
  });
  const item = element('li');
  item.append(button);
  return item;
}

async function showTickets(more = false) {
  const query = new URLSearchParams(view.queue || '');
  query.set('sort', '-updated_at');
  if (view.search) query.set('q', view.search);
  if (more && view.cursor) query.set('cursor', view.cursor);
  const page = await get(`/v1/tickets?${query}`);
  const rows = page.items.map(ticketRow);
  if (more) byId('tickets').append(...rows); else byId('tickets').replaceChildren(...rows);
  view.cursor = page.next_cursor;
  byId('more').hidden = !page.next_cursor;
}

function facts(ticket) {
  const shown = {
    Number: ticket.number, Status: ticket.status, Priority: ticket.priority, Category: ticket.category,
    Requester: ticket.requester && (ticket.requester.name || ticket.requester.id),
    Agent: ticket.assignee, Team: ticket.team, Tags: (ticket.tags || []).join(', '),
    Promise: promise(ticket), Opened: when(ticket.created_at), Rating: ticket.rating,
  };
  return Object.entries(shown)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .flatMap(([name, value]) => [element('dt', name), element('dd', String(value))]);
}

function message(one) {
  const item = element('li', undefined, one.internal ? 'internal' : '');
  const who = one.author.name || one.author.id;
  item.append(element('small', `${who} · ${when(one.created_at)}${one.internal ? ' · internal note' : ''}`));
  item.append(one.redacted ? element('em', 'taken out of sight') : document.createTextNode(one.body));
  return item;
}

function deed(one) {
  const item = element('li', one.type.replaceAll('_', ' '));
  const told = (value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));
  const change = [one.old_value, one.new_value].map((value) => (value === null || value === undefined ? '–' : told(value)));
  if (change.some((value) => value !== '–')) item.append(` ${one.field || ''}: ${change.join(' → ')}`);
  item.append(element('small', `${one.actor.name || one.actor.id} · ${when(one.occurred_at)}`));
  return item;
}

async function showTicket() {
  if (!view.ticket) return;
  const path = `/v1/tickets/${encodeURIComponent(view.ticket)}`;
  const [ticket, messages, activity] = await Promise.all([
    get(path), get(`${path}/messages?limit=200`), get(`${path}/activity?limit=200`),
  ]);
  byId('ticket-title').textContent = ticket.subject;
  byId('facts').replaceChildren(...facts(ticket));
  const opening = element('li', ticket.description);
  opening.prepend(element('small', `${when(ticket.created_at)}`));
  byId('messages').replaceChildren(opening, ...messages.items.map(message));
  byId('activity').replaceChildren(...activity.items.map(deed));
  byId('messages-title').hidden = byId('activity-title').hidden = false;
}

async function refresh() {
  await Promise.all([showQueues(), showTickets(), showTicket()]);
}

// Many events may come at once; the page is drawn again at most four times a second.
let due = null;
function refreshSoon() {
  due ??= setTimeout(() => { due = null; refresh().catch(failed); }, 250);
}

// Server-sent events by fetch, since EventSource can't send a token: each block's id and data.
async function stream(path, headers, take) {
  const controller = new AbortController();
  view.streams.push(controller);
  const response = await request(path, { headers, signal: controller.signal });
  say('live');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split('\n').find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim();
      take(field('id'), field('data'));
    }
  }
}

function follow(after) {
  return stream('/v1/events/stream', after ? { 'Last-Event-ID': String(after) } : {}, (id) => {
    if (!id) return;
    view.position = Math.max(view.position, Number(id));
    refreshSoon();
  });
}

function howLong(seconds) {
  if (seconds === null) return '–';
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

function showFigures(now) {
  const late = now.by_sla.filter((row) => row.open && row.key.endsWith('_breached')).reduce((sum, row) => sum + row.open, 0);
  const day = now.last_24_hours;
  const week = now.last_7_days;
  const shown = {
    Open: now.open, Unassigned: now.unassigned, 'Urgent and high': now.urgent_and_high, Overdue: late,
    'Opened, 24 h': day.created, 'Resolved, 24 h': day.resolved, 'Opened, 7 days': week.created,
    'First answer, 7 days (median)': howLong(week.first_response.p50_seconds),
    'Resolution, 7 days (median)': howLong(week.resolution.p50_seconds),
    'Rating, 7 days': week.rating.mean ?? '–',
  };
  byId('figures').replaceChildren(...Object.entries(shown).map(([name, value]) => {
    const pair = element('div');
    pair.append(element('dt', name), element('dd', typeof value === 'number' ? value.toLocaleString() : value));
    return pair;
  }));
  byId('moment').hidden = false;
}

// For those who may see statistics; the others have none.
async function liveFigures() {
  const token = view.token;
  while (view.token === token && token) {
    try {
      await stream('/v1/stats/dashboard/stream', {}, (_, data) => { if (data) showFigures(JSON.parse(data)); });
    } catch (error) {
      if (view.token !== token || error.status === 401 || error.status === 403) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function live() {
  const token = view.token;
  while (view.token === token && token) {
    try {
      await follow(view.position);
    } catch (error) {
      if (view.token !== token) return;
      if (error.status === 401) { failed(error); return; }
      if (error.status === 403) {
        say('looks every 10 seconds');
        await new Promise((resolve) => setTimeout(resolve, 9000));
        await refresh().catch(failed);
      } else {
        say('connecting again…');
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function signIn(token) {
  view.token = token.trim();
  sessionStorage.setItem('token', view.token);
  byId('sign-in').hidden = true;
  byId('desk').hidden = false;
  say('');
  refresh().then(() => Promise.all([live(), liveFigures()])).catch(failed);
}

function signOut() {
  for (const controller of view.streams.splice(0)) controller.abort();
  Object.assign(view, { token: null, ticket: null, queue: null, cursor: null, position: 0 });
  sessionStorage.removeItem('token');
  byId('desk').hidden = byId('moment').hidden = true;
  byId('sign-in').hidden = false;
  for (const id of ['tickets', 'messages', 'activity', 'facts', 'queues']) byId(id).replaceChildren();
  byId('ticket-title').textContent = 'Choose a ticket';
}

byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  signIn(byId('token').value);
  byId('token').value = '';
});
byId('search-form').addEventListener('submit', (event) => {
  event.preventDefault();
  view.search = byId('search').value.trim();
  showTickets().catch(failed);
});
byId('more').addEventListener('click', () => showTickets(true).catch(failed));
byId('sign-out').addEventListener('click', () => { signOut(); say(''); });

// A console link bears the token in its fragment, which never reaches a server; it is taken out of the address.
const given = new URLSearchParams(location.hash.slice(1)).get('token');
if (given) history.replaceState(null, '', location.pathname);
const kept = given || sessionStorage.getItem('token');
if (kept) signIn(kept);
