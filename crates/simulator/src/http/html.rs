//! Plain pages without script: enough to look and to edit, nothing to admire.

pub(super) const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 ui-sans-serif,system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.3rem}table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8883}\
input,select,button,textarea{font:inherit;padding:.3rem .5rem}label{display:block;margin:.4rem 0}input,select{max-width:100%;box-sizing:border-box}.quiet,small{opacity:.7}\
form.fields label{display:grid;grid-template-columns:8rem minmax(0,24rem);align-items:baseline}form.act{display:inline-block;margin:1rem .5rem 0 0}\
ul.rows{list-style:none;padding:0}ul.rows li{border-bottom:1px solid #8883;padding:.4rem 0}ul.rows p{margin:0}p.said{white-space:pre-line}\
.phone{max-width:24rem;border:1px solid #8885;border-radius:1rem;padding:1rem;min-height:16rem}\
.bubble{border-radius:.8rem;padding:.4rem .7rem;max-width:80%;width:fit-content;margin:.3rem 0}.bubble small{display:block;font-size:.75em}\
.theirs{background:#8882}.mine{background:#2a7a;margin-left:auto}.bad{color:#b02b27}";

// A small script instead of a refresh header, which would empty what somebody writes.
pub(super) const RELOAD: &str = "let w=0;addEventListener('input',()=>w=1);setInterval(()=>{const a=document.activeElement;if(!w&&(!a||!('value'in a)||!a.value))location.reload()},2000)";

/// A page; with `fresh` it loads itself again while nobody writes in it.
pub(crate) fn page(title: &str, body: &str, fresh: bool) -> String {
    let title = escape(title);
    let reload = match fresh {
        true => format!("<script>{RELOAD}</script>"),
        false => String::new(),
    };
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><p class=quiet>Simulated, on this machine: <a href=/>the org</a> · \
         <a href=/phones>the phones</a></p>{body}{reload}</html>"
    )
}

/// A text inside of a page.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
