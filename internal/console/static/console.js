// The console's script. Everything here is a comfort: each action is also a plain form, and each page is whole without it.
'use strict';
(() => {
  // ---- live rows: the server says that something has changed, the page fetches its own address and takes the rows over
  const live = document.querySelector('[data-live]');
  let loading = false, again = false, timer = 0;

  async function refresh() {
    if (loading) { again = true; return; }
    loading = true;
    try {
      const answer = await fetch(location.href, { headers: { 'X-Sekisho-Part': 'live' }, credentials: 'same-origin', redirect: 'error' });
      if (answer.ok) take(await answer.json());
    } catch { /* the next event tries again */ }
    loading = false;
    if (again) { again = false; refresh(); }
  }

  // take puts the rows into the page. They come as data, never as markup, so that no text in them can become an element.
  function take(rows) {
    for (const row of rows) {
      const item = document.getElementById('f-' + row.id);
      if (!item) { if (live.dataset.live === 'list') offerReload(); continue; }
      const tag = item.querySelector('.tag');
      if (tag && tag.textContent !== row.word) {
        if (live.dataset.live === 'one' && !typing()) { location.reload(); return; } // its sentences and forms are other ones now
        tag.textContent = row.word;
        tag.className = 'tag ' + row.look;
        tag.dataset.mark = row.mark;
        say(row.name + ' ' + row.word);
      }
      for (const step of item.querySelectorAll('.steps li')) {
        const state = row.steps[step.dataset.step] || 'ahead';
        step.className = state;
        step.dataset.mark = step.dataset[state];
      }
      const wait = item.querySelector('.wait');
      if (wait) wait.hidden = row.ended;
      const box = item.querySelector('.need');
      if (box && box.hidden !== !row.need) box.hidden = !row.need;
    }
  }

  // typing reports whether the person is filling something in, which must not be lost.
  function typing() { return [...document.querySelectorAll('main input, main textarea')].some((e) => e.type !== 'hidden' && e.value !== e.defaultValue); }

  function offerReload() { const p = document.querySelector('[data-reload]'); if (p) p.hidden = false; }

  function say(text) { const p = document.querySelector('[data-say]'); if (p) p.textContent = text; }

  if (live && window.EventSource) {
    const source = new EventSource('/live');
    source.onmessage = () => { clearTimeout(timer); timer = setTimeout(refresh, 150); };
    source.onopen = refresh;
  }

  // ---- passkeys: the server begins, the device answers, the form carries the answer
  for (const ask of document.querySelectorAll('form[data-passkey]')) {
    if (!window.PublicKeyCredential || !PublicKeyCredential.parseCreationOptionsFromJSON) break;
    ask.hidden = false;
    document.querySelectorAll('[data-passkey-none]').forEach((p) => { p.hidden = true; });
    const text = ask.querySelector('[data-passkey-said]'), button = ask.querySelector('button');
    ask.addEventListener('submit', async (e) => {
      e.preventDefault();
      text.textContent = '';
      button.disabled = true;
      try {
        const begun = await fetch(ask.dataset.begin, { method: 'POST', body: new URLSearchParams(new FormData(ask)), credentials: 'same-origin', redirect: 'error' });
        const options = await begun.json();
        if (!begun.ok) throw Object.assign(new Error(), { said: options.said });
        const made = ask.dataset.passkey === 'create'
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });
        ask.elements.answer.value = JSON.stringify(made);
        ask.submit();
      } catch (error) {
        text.textContent = error.said || ask.dataset.failed;
        button.disabled = false;
      }
    });
  }

  // ---- drop of files and folders on the whole window
  const form = document.querySelector('form[data-drop]');
  if (!form) return;
  const zone = form.querySelector('.drop'), list = document.querySelector('[data-sending]'), limit = Number(form.dataset.limit);
  const words = form.dataset;
  let depth = 0, queue = [], sending = false, sent = 0, failed = false;

  addEventListener('dragenter', (e) => { e.preventDefault(); depth++; zone.classList.add('over'); });
  addEventListener('dragleave', () => { if (--depth <= 0) { depth = 0; zone.classList.remove('over'); } });
  addEventListener('dragover', (e) => e.preventDefault());
  addEventListener('drop', async (e) => {
    e.preventDefault();
    depth = 0;
    zone.classList.remove('over');
    const found = [];
    const entries = [...e.dataTransfer.items].map((i) => i.webkitGetAsEntry && i.webkitGetAsEntry()).filter(Boolean);
    if (entries.length) for (const entry of entries) await walk(entry, '', found);
    else for (const file of e.dataTransfer.files) found.push({ file, path: '' });
    add(found);
  });

  async function walk(entry, path, found) {
    if (entry.isFile) {
      const file = await new Promise((ok, bad) => entry.file(ok, bad)).catch(() => null);
      if (file) found.push({ file, path });
      return;
    }
    const reader = entry.createReader();
    for (;;) { // a reader gives a folder in pieces
      const some = await new Promise((ok, bad) => reader.readEntries(ok, bad)).catch(() => []);
      if (!some.length) return;
      for (const child of some) await walk(child, path ? path + '/' + entry.name : entry.name, found);
    }
  }

  form.addEventListener('submit', (e) => {
    const found = [];
    for (const input of form.querySelectorAll('input[type=file]')) {
      for (const file of input.files) {
        const whole = file.webkitRelativePath || '';
        found.push({ file, path: whole.includes('/') ? whole.slice(0, whole.lastIndexOf('/')) : '' });
      }
    }
    if (!found.length) return; // the server says what is missing
    e.preventDefault();
    form.querySelectorAll('input[type=file]').forEach((i) => { i.value = ''; });
    add(found);
  });

  function add(found) {
    for (const one of found) {
      const row = document.createElement('li'), name = document.createElement('bdi'), what = document.createElement('span');
      name.textContent = '「' + visible((one.path ? one.path + '/' : '') + one.file.name) + '」';
      what.className = 'soft';
      what.textContent = ' ' + words.waiting;
      const bar = document.createElement('progress');
      bar.max = 1;
      bar.value = 0;
      bar.setAttribute('aria-label', words.sending);
      row.append(name, what, document.createElement('br'), bar);
      list.append(row);
      queue.push({ ...one, row, what, bar });
    }
    list.hidden = false;
    if (!sending) next();
  }

  // visible shows what cannot be seen, as the server does.
  function visible(text) {
    return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0\u2000-\u200a\u202f\u205f]/gu, (c) => '‹U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '›');
  }

  function next() {
    const one = queue.shift();
    if (!one) {
      sending = false;
      if (sent && !failed) location.assign('/drop?sent=' + sent); // what was not taken stays on the page
      return;
    }
    sending = true;
    if (one.file.size > limit) return ended(one, words.toolarge, false);
    one.what.textContent = ' ' + words.sending;
    const body = new FormData();
    body.append('route', form.elements.route.value);
    body.append('path', one.path);
    body.append('file', one.file, one.file.name);
    const request = new XMLHttpRequest();
    request.open('POST', '/drop');
    request.setRequestHeader('Accept', 'application/json');
    request.upload.onprogress = (e) => { if (e.lengthComputable) one.bar.value = e.loaded / e.total; };
    request.onload = () => {
      if (request.status === 401) { location.assign('/signin?next=%2Fdrop'); return; }
      ended(one, request.status === 201 ? words.taken : request.status === 413 ? words.toolarge : words.failed, request.status === 201);
    };
    request.onerror = () => ended(one, words.failed, false);
    request.send(body);
  }

  function ended(one, text, ok) {
    one.bar.value = ok ? 1 : 0;
    one.what.textContent = ' ' + text;
    one.what.className = ok ? 'soft' : 'error';
    if (ok) sent++;
    else failed = true;
    next();
  }
})();
