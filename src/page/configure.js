/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Changes of the configuration: each shows its difference first, made for the version that was looked at. */

import { html, useEffect, useRef, useState } from './htm-preact.js';
import { Problem, getWithVersion, post, put, remove, segment } from './api.js';
import { count } from './format.js';
import { Action, Choice, Sheet } from './parts.js';
import { DifferenceText, Field, Wrong, at, isSame, listOf, summary } from './forms.js';
import { refreshNow } from './store.js';

const MEANWHILE = 'The configuration was changed meanwhile, by another page or by its files. Look at the difference again.';

const configVersion = async () => (await getWithVersion('/v1/config')).version;

const isMeanwhile = (problem) => problem instanceof Problem && problem.status === 412;

/* ---- reload ---- */

const WINDOWS = [['', 'At once'], ['60', 'Back after 60 s unless confirmed']];

export function DifferenceSheet({ onClose }) {
  const [preview, setPreview] = useState(null);
  const [problem, setProblem] = useState(null);
  const [confirm, setConfirm] = useState('');
  useEffect(() => {
    post('/v1/reload?dry_run=true').then(setPreview, setProblem);
  }, []);
  const done = () => {
    onClose();
    refreshNow();
  };
  const foot = html`<span>${preview ? summary(preview.difference) : ''}</span><div class="right"><button class="button" onClick=${onClose}>Cancel</button>
    ${preview && !isSame(preview.difference) && html`<${Action} text="Load configuration" busy="Loading…" className="main" action=${() => post(`/v1/reload${confirm ? `?confirm=${confirm}` : ''}`)} onDone=${done} />`}</div>`;
  return html`<${Sheet} title="Load configuration" onClose=${onClose} foot=${foot}>
    ${problem && html`<${Wrong} id="difference-wrong" text=${problem.message} /><p class="quiet">Nothing was changed. What runs stays as it is.</p>`}
    ${preview && html`<p class="hint">Loading the files would do this and nothing else:</p><${DifferenceText} difference=${preview.difference} />
      ${!isSame(preview.difference) && html`<fieldset class="form-line"><legend>How</legend><${Choice} name="confirm" label="How" value=${confirm} options=${WINDOWS} onChange=${setConfirm} />
        <p class="hint">If you reach this server through a service of its own, let it go back: a mistake would shut you out.</p></fieldset>`}`}<//>`;
}

/* ---- a service ---- */

const NO_AGENT = [['wait', 'Wait', 'hold the client for a while; a quick reconnect is not felt'], ['refuse', 'Refuse', 'reset the client at once'], ['close', 'Close', 'close the port until an agent is back']];
const PROXY = [['off', 'Not', 'each client seems to come from the agent'], ['v1', 'Version 1', 'text'], ['v2', 'Version 2', 'binary, with the relay’s id']];
const CHECKS = [['none', 'Not', 'only failed clients tell'], ['tcp', 'TCP', 'a connection'], ['tls', 'TLS', 'a handshake'], ['http', 'HTTP', 'a GET that is answered well']];
const FROM = [['any', 'Any', 'as its system chooses'], ['loopback', 'Loopback', 'one of 127.64.0.0/10 for each client, for destinations on its machine']];
const BANS = [[false, 'No', 'the server’s bans alone count'], [true, 'Yes', 'munnel ban on the agent’s machine']];
const INNER = [[false, 'No', 'the server sees what it relays'], [true, 'Yes', 'from the visitor’s agent to the one that serves, with a key of theirs: munnel key new']];
const VERSIONS = [['1.2', '1.2', 'and 1.3'], ['1.3', '1.3', 'alone']];
const CLIENTS = [['none', 'No', 'they are not asked'], ['request', 'Request', 'one that is shown must be right'], ['require', 'Require', 'nobody gets in without']];
const RATES = { bandwidth_in: 'Bytes per second from clients', bandwidth_out: 'Bytes per second to clients' };
const MEMBERS = ['name', 'listen', 'visitors', 'hosts', 'accept_proxy', 'group', 'connect', 'connect_from', 'proxy_protocol', 'check', 'tls', 'end_to_end', 'agent_bans', 'no_agent', ...Object.keys(RATES)];

const text = (value) => (Array.isArray(value) ? value.join(', ') : value || '');

const tlsFormOf = (tls) => ({ cert: text(tls.cert), key: text(tls.key), alpn: text(tls.alpn), min_version: tls.min_version || '1.2', client_auth: tls.client_auth || 'none', client_ca: text(tls.client_ca), crl: text(tls.crl) });

const blank = () => ({ name: '', listen: '', visitors: '', hosts: '', accept_proxy: '', groups: '', connect: '', connect_from: 'any', proxy_protocol: 'off', check: 'none', check_path: '/', end_to_end: false, agent_bans: false, no_agent: 'wait', ...tlsFormOf({}) });

const ratesOf = (from) => Object.fromEntries(Object.keys(RATES).map((key) => [key, from[key] || 0]));

function formOf(service) {
  return { name: service.name, listen: text(service.listen), visitors: text(service.visitors), hosts: text(service.hosts), accept_proxy: text(service.accept_proxy), groups: text(service.groups), connect: text(service.connect), connect_from: service.configuration.connect_from, proxy_protocol: service.configuration.proxy_protocol, check: service.configuration.check.type, check_path: service.configuration.check.path, end_to_end: service.configuration.end_to_end, agent_bans: service.configuration.agent_bans, no_agent: service.configuration.no_agent, ...tlsFormOf(service.configuration.tls || {}), ...ratesOf(service.configuration) };
}

/* The form has two of its members; a path is for HTTP alone. */
function checkOf(form, before) {
  const { path, ...rest } = before?.check || {};
  if (!before && form.check === 'none') return {};
  if (form.check !== 'tls' && form.check !== 'http') delete rest.host;
  return { check: { ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)), type: form.check, ...(form.check === 'http' ? { path: form.check_path } : {}) } };
}

const linesOf = (value) => value.split(',').map((one) => one.trim()).filter(Boolean);

/* Without a certificate there is none, and what is left out is as it is without. */
function tlsOf(form) {
  const cert = linesOf(form.cert), key = linesOf(form.key), alpn = linesOf(form.alpn);
  if (!cert.length) return {};
  return { tls: { cert, ...(key.length ? { key } : {}), ...(alpn.length ? { alpn } : {}), ...(form.min_version !== '1.2' ? { min_version: form.min_version } : {}),
    ...(form.client_auth !== 'none' ? { client_auth: form.client_auth, ...(form.client_ca ? { client_ca: form.client_ca } : {}), ...(form.crl ? { crl: form.crl } : {}) } : {}) } };
}

/* Only what the form has is changed; the rest of a service stays. */
function bodyOf(form, before) {
  const rest = Object.fromEntries(Object.entries(before || {}).filter(([key, value]) => value !== null && !['name', 'listen', 'visitors', 'group', 'hosts', 'accept_proxy', 'tls'].includes(key)));
  const groups = listOf(form.groups), balancers = listOf(form.accept_proxy), hosts = listOf(form.hosts), listen = listOf(form.listen), visitors = listOf(form.visitors);
  return { ...rest, ...(listen.length ? { listen } : {}), ...(visitors.length ? { visitors } : {}), ...(hosts.length ? { hosts } : {}), ...(balancers.length ? { accept_proxy: balancers } : {}), ...(groups.length ? { group: groups } : {}), connect: listOf(form.connect), ...(before || form.proxy_protocol !== 'off' ? { proxy_protocol: form.proxy_protocol } : {}), ...(before || form.connect_from !== 'any' ? { connect_from: form.connect_from } : {}), ...checkOf(form, before), ...tlsOf(form), ...(before || form.end_to_end ? { end_to_end: form.end_to_end } : {}), ...(before || form.agent_bans ? { agent_bans: form.agent_bans } : {}), no_agent: form.no_agent, ...ratesOf(form) };
}

const Radios = ({ name, legend, choices, form, set, problem }) => html`<fieldset class="form-line"><legend>${legend}</legend>
  ${choices.map(([key, text, hint]) => html`<label class="radio"><input type="radio" name=${name} value=${key} checked=${form[name] === key} onChange=${() => set(name)(key)} />${text}<span>${hint}</span></label>`)}
  ${problem && html`<${Wrong} id=${`${name}-wrong`} text=${problem.message} />`}</fieldset>`;

/* What is of no use without a certificate, or without those of clients, is not there. */
function TlsFields({ form, set, problem }) {
  return html`<${Field} id="cert" label="Certificate" value=${form.cert} placeholder="web.pem" hint="A PEM file on the server, or several: its clients’ TLS ends here. Empty: it goes through." onInput=${set('cert')} problem=${at(problem, 'cert')} />
    ${form.cert && html`<${Field} id="key" label="Private key" value=${form.key} placeholder="web.key" hint="For each certificate one, in their order, or one for all." onInput=${set('key')} problem=${at(problem, 'key')} />
    <${Field} id="alpn" label="Protocols within TLS" value=${form.alpn} placeholder="h2, http/1.1" hint="What the destination speaks, for ALPN." onInput=${set('alpn')} problem=${at(problem, 'alpn')} />
    <${Radios} name="min_version" legend="Oldest TLS" choices=${VERSIONS} form=${form} set=${set} problem=${at(problem, 'min_version')} />
    <${Radios} name="client_auth" legend="Clients’ certificates" choices=${CLIENTS} form=${form} set=${set} problem=${at(problem, 'client_auth')} />
    ${form.client_auth !== 'none' && html`<${Field} id="client_ca" label="Their authority" value=${form.client_ca} placeholder="ca.pem" onInput=${set('client_ca')} problem=${at(problem, 'client_ca')} />
    <${Field} id="crl" label="Its revocation list" value=${form.crl} placeholder="ca.crl" onInput=${set('crl')} problem=${at(problem, 'crl')} />`}`}`;
}

function FormFields({ form, set, problem, isNew, agents }) {
  const groups = [...new Set((agents || []).flatMap((agent) => agent.groups))].filter((group) => group !== '*');
  return html`${isNew && html`<${Field} id="name" label="Name" value=${form.name} onInput=${set('name')} problem=${at(problem, 'name')} />`}
    <${Field} id="listen" label="Listens on" value=${form.listen} placeholder="0.0.0.0:5900" onInput=${set('listen')} problem=${at(problem, 'listen')} />
    <${Field} id="visitors" label="Visitors" value=${form.visitors} placeholder="laptops" hint="Groups whose agents may open it on their own side; alone, it has no port here." onInput=${set('visitors')} problem=${at(problem, 'visitors')} />
    ${(form.visitors || form.end_to_end) && html`<${Radios} name="end_to_end" legend="Encrypted between the agents" choices=${INNER} form=${form} set=${set} problem=${at(problem, 'end_to_end')} />`}
    <${Field} id="hosts" label="Hosts" value=${form.hosts} placeholder="*.example.org" hint="Names by which it shares its ports." onInput=${set('hosts')} problem=${at(problem, 'hosts')} />
    <${Field} id="accept_proxy" label="Balancers in front" value=${form.accept_proxy} placeholder="10.0.0.7" hint="Only they connect, and send each client’s address by the PROXY protocol. Empty: clients connect themselves." onInput=${set('accept_proxy')} problem=${at(problem, 'accept_proxy')} />
    <${Field} id="groups" label="Groups" value=${form.groups} list="known-groups" hint="Agents of these groups serve it. Empty: any agent." onInput=${set('groups')} problem=${at(problem, 'group')} />
    <datalist id="known-groups">${groups.map((group) => html`<option value=${group} />`)}</datalist>
    <${Field} id="connect" label="Destination" value=${form.connect} placeholder="localhost:5900" hint="As the agent sees it." onInput=${set('connect')} problem=${at(problem, 'connect')} />
    <${Radios} name="connect_from" legend="From which address the agent connects" choices=${FROM} form=${form} set=${set} problem=${at(problem, 'connect_from')} />
    <${Radios} name="proxy_protocol" legend="Client’s address to the destination (PROXY protocol)" choices=${PROXY} form=${form} set=${set} problem=${at(problem, 'proxy_protocol')} />
    <${Radios} name="check" legend="Agents check the destination" choices=${CHECKS} form=${form} set=${set} problem=${form.check !== 'http' && at(problem, 'check')} />
    ${form.check === 'http' && html`<${Field} id="check_path" label="Path" value=${form.check_path} placeholder="/health" onInput=${set('check_path')} problem=${at(problem, 'check')} />`}
    <${TlsFields} form=${form} set=${set} problem=${problem} />
    <${Radios} name="agent_bans" legend="Agents may have clients refused" choices=${BANS} form=${form} set=${set} problem=${at(problem, 'agent_bans')} />
    ${Object.entries(RATES).map(([key, label]) => html`<${Field} id=${key} label=${label} value=${form[key] || ''} placeholder="1MB" onInput=${set(key)} problem=${at(problem, key)} />`)}
    <${Radios} name="no_agent" legend="When no agent can serve" choices=${NO_AGENT} form=${form} set=${set} problem=${at(problem, 'no_agent')} />`;
}

/* Its lines, with that which the problem names marked. */
function File({ form, body, problem }) {
  const lines = JSON.stringify({ name: form.name, ...body }, null, 2).split('\n');
  const wrong = MEMBERS.find((member) => at(problem, member));
  return html`<div class="caption"><span>What will be written</span><span class="quiet mono">services.d/${form.name || 'NAME'}.json</span></div>
    <pre class="code" tabindex="0" aria-label="What will be written">${lines.map((line) => html`<span class=${wrong && line.startsWith(`  "${wrong}":`) ? 'line wrong-line' : 'line'}>${line}</span>`)}</pre>`;
}

/* What was asked for may be below what is seen. */
const show = (element) => element?.nextSibling.scrollIntoView({ block: 'nearest' });

export function ServiceSheet({ service, services, agents, onClose }) {
  const [form, setForm] = useState(service ? formOf(service) : blank());
  const [problem, setProblem] = useState(null);
  const [preview, setPreview] = useState(null);
  const version = useRef(null);
  const set = (part) => (value) => {
    setForm({ ...form, [part]: value });
    setPreview(null);
    setProblem(null);
  };
  const body = bodyOf(form, service?.configuration);
  const path = `/v1/services/${segment(form.name || '-')}`;
  const refuse = (error) => {
    setProblem(error);
    setPreview(null);
    throw new Error(isMeanwhile(error) ? '' : 'Nothing was changed.');
  };
  const look = async () => {
    setProblem(null);
    if (!service && (!form.name || services?.some((other) => other.name === form.name)))
      return refuse(new Problem(409, { detail: form.name ? 'There is a service of this name. Open it to change it.' : 'A service needs a name.', pointer: '/name' }));
    try {
      version.current = await configVersion();
      return await put(`${path}?dry_run=true`, body);
    } catch (error) {
      return refuse(error);
    }
  };
  const apply = () => put(path, body, version.current).catch(refuse);
  const done = () => {
    onClose();
    refreshNow();
    if (!service) location.hash = `#service/${segment(form.name)}`;
  };
  const isAtField = MEMBERS.some((member) => at(problem, member));
  const foot = html`<span>${preview ? summary(preview.difference) : ''}</span><div class="right"><button class="button" onClick=${onClose}>Cancel</button>
    ${preview ? html`<${Action} key="apply" text=${service ? 'Change service' : 'Add service'} busy="Applying…" className="main" action=${apply} onDone=${done} />`
      : html`<${Action} key="preview" text="Show difference" busy="Checking…" className="main" action=${look} onDone=${setPreview} />`}</div>`;
  return html`<${Sheet} title=${service ? `Edit ${service.name}` : 'Add service'} onClose=${onClose} foot=${foot} wrong=${problem}>
    <${FormFields} form=${form} set=${set} problem=${problem} isNew=${!service} agents=${agents} />
    ${problem && !isAtField && html`<${Wrong} id="service-wrong" text=${isMeanwhile(problem) ? MEANWHILE : problem.message} />`}
    <${File} form=${form} body=${body} problem=${problem} />
    ${preview && html`<div class="caption" ref=${show}><span>Difference to what runs</span></div><${DifferenceText} difference=${preview.difference} />`}<//>`;
}

export function RemoveSheet({ service, onClose }) {
  const [preview, setPreview] = useState(null);
  const [problem, setProblem] = useState(null);
  const version = useRef(null);
  const path = `/v1/services/${segment(service.name)}`;
  const look = async () => {
    setProblem(null);
    try {
      version.current = await configVersion();
      setPreview(await remove(`${path}?dry_run=true`));
    } catch (error) {
      setProblem(error);
    }
  };
  useEffect(() => {
    look();
  }, []);
  const apply = () => remove(path, version.current).catch((error) => {
    setPreview(null);
    setProblem(error);
    throw new Error('Nothing was changed.');
  });
  const done = () => {
    onClose();
    location.hash = '#services';
    refreshNow();
  };
  const foot = html`<div class="right"><button class="button" onClick=${onClose}>Cancel</button>
    ${preview ? html`<${Action} key="apply" text="Remove service" busy="Removing…" className="danger" action=${apply} onDone=${done} />`
      : problem && html`<button class="button" onClick=${look}>Show difference</button>`}</div>`;
  return html`<${Sheet} title=${`Remove ${service.name}`} className="small" onClose=${onClose} foot=${foot}>
    <p>Its port closes. ${count(service.relays, 'relay')} finish. The file ${service.origin.file} is deleted.</p>
    ${problem && html`<${Wrong} id="remove-wrong" text=${isMeanwhile(problem) ? MEANWHILE : problem.message} />`}
    ${preview && html`<${DifferenceText} difference=${preview.difference} />`}<//>`;
}
