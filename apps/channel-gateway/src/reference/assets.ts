/** The pages' style. */
export const referenceStyle = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--paper:#fff;--shade:#f6f8fa;--accent:#0b57d0}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#a3adb8;--line:#30363d;--paper:#0d1117;--shade:#161b22;--accent:#79b8ff}}
*{box-sizing:border-box}html{scroll-padding-top:72px}body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
a{color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;z-index:2;background:var(--paper);padding:8px}
header{position:sticky;top:0;z-index:1;display:flex;gap:2px 28px;align-items:center;padding:12px 24px;border-bottom:1px solid var(--line);background:var(--paper)}
header strong{font-size:18px}header a{margin-right:18px;text-decoration:none}
.columns{display:grid;grid-template-columns:330px minmax(0,1fr)}
aside{position:sticky;top:53px;height:calc(100vh - 53px);padding:18px 20px;border-right:1px solid var(--line);display:flex;flex-direction:column}
aside nav{overflow:auto;flex:1}aside h2{font-size:13px;color:var(--soft);margin:18px 0 4px}aside ul{list-style:none;margin:0;padding:0}
aside li a{display:flex;gap:8px;padding:4px 6px;border-radius:6px;text-decoration:none;color:inherit;font-size:14px;overflow-wrap:anywhere}aside li a:hover{background:var(--shade)}
input{width:100%;font:inherit;padding:8px 10px;margin-top:4px;border:1px solid var(--soft);border-radius:8px;background:var(--paper);color:inherit}
#count{color:var(--soft);font-size:13px;margin:6px 0}
main{padding:28px 40px 120px;max-width:960px;min-width:0}h1{margin:0 0 8px}.group{margin-top:56px;border-bottom:2px solid var(--line);padding-bottom:6px}
article{padding:22px 0;border-bottom:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 420px}article h3{margin:0 0 6px;font-size:19px}h4{margin:18px 0 6px}
code,pre{font:13.5px/1.5 ui-monospace,monospace}p code,td code,li code{background:var(--shade);border-radius:4px;padding:1px 4px;overflow-wrap:anywhere}
.badge{font:600 11px/20px ui-monospace,monospace;min-width:58px;text-align:center;border-radius:5px;padding:0 6px;background:#57606a;color:#fff;display:inline-block;height:20px;flex:none}
.badge.get{background:#0a5c36}.badge.post{background:#0b4fbd}.badge.put,.badge.patch{background:#7a4a00}.badge.delete{background:#a40e26}.badge.event{background:#5a32a3}.badge.send{background:#0b4fbd}.badge.receive{background:#0a5c36}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:6px 10px;border-top:1px solid var(--line);font-weight:400}th{width:34%}
.must{font-size:12px;color:var(--soft)}.note,.kind{color:var(--soft);font-size:14px}.variants{padding-left:20px}summary{cursor:pointer;font-size:14px;color:var(--soft)}
.code{position:relative;margin-top:14px}.code pre code{padding:0;background:none}.code pre{margin:0;padding:14px 84px 14px 16px;overflow:auto;background:var(--shade);border:1px solid var(--line);border-radius:8px}
.code button{position:absolute;top:8px;right:8px;font:inherit;font-size:13px;padding:3px 10px;border:1px solid var(--soft);border-radius:6px;background:var(--paper);color:inherit;cursor:pointer}
main.guide{margin:0 auto;max-width:820px;padding-top:36px}.guide h2{margin:40px 0 8px}.guide li{margin:4px 0}.guide .table{overflow-x:auto}.guide thead th{font-weight:600;width:auto;border-top:0}
.guide .anchor{visibility:hidden;text-decoration:none;font-weight:400}.guide :is(h2,h3,h4):hover .anchor,.guide .anchor:focus{visibility:visible}.guide h3{margin:28px 0 6px}.guide td:first-child{min-width:120px}
.contents{border:1px solid var(--line);border-radius:8px;padding:10px 16px;margin:24px auto 0;max-width:740px;width:calc(100% - 40px)}.contents h2{font-size:13px;color:var(--soft);margin:0 0 4px}.contents ul{list-style:none;margin:0;padding:0;font-size:14px}.contents a{text-decoration:none;display:block;padding:2px 0}.contents .depth-3{padding-left:14px}
@media (min-width:1280px){.contents{position:fixed;top:72px;right:24px;width:230px;max-height:calc(100vh - 96px);overflow:auto;margin:0}main.guide{max-width:780px}}
[hidden]{display:none!important}
@media (max-width:820px){header{flex-wrap:wrap;position:static;padding:12px 20px}header nav{display:flex;flex-wrap:wrap}.columns{grid-template-columns:minmax(0,1fr)}aside{position:static;height:auto;max-height:45vh}main{padding:20px}}
`;

/** The pages' script: search, and copying. */
export const referenceScript = `
const search = document.getElementById('search');
const count = document.getElementById('count');
const entries = [...document.querySelectorAll('[data-words]')];
const groups = [...document.querySelectorAll('[data-group]')];
function filter() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const entry of entries) {
    entry.hidden = !words.every((word) => entry.dataset.words.includes(word));
    if (!entry.hidden && entry.tagName === 'ARTICLE') shown += 1;
  }
  for (const group of groups) group.hidden = !group.querySelector('[data-words]:not([hidden])');
  count.textContent = shown === 1 ? '1 entry' : shown + ' entries';
}
search?.addEventListener('input', filter);
document.addEventListener('keydown', (event) => {
  if (!search) return;
  if (event.key === '/' && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'Escape' && document.activeElement === search) {
    search.value = '';
    filter();
  }
});
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.getElementById(link.hash.slice(1));
  if (target?.hidden) {
    search.value = '';
    filter();
  }
  const button = event.target.closest('[data-copy]');
  if (button) copy(button);
});
async function copy(button) {
  const code = button.parentElement.querySelector('code');
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
}
`;
