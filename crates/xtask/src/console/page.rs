//! The console's page: `index.html` with the resources of its `data-trunk` links, which `trunk serve` reads as well.
//! The style sheets are joined in their order, on which their cascade layers depend, and inlined, because nothing can be
//! painted without them. Pure.

use super::cut::between;
use crate::command::Done;

/// The resources that `index.html` links.
pub(super) struct Page<'t> {
    source: &'t str,
    pub(super) styles: Vec<String>,
    pub(super) icon: String,
    /// The arguments of wasm-opt.
    pub(super) wasm_opt: Vec<String>,
}

/// The script at the end of the page that loads and starts the program. The program competes for the CPU with the alarms
/// that the page shows by itself. It is therefore never started before them, and if the page arrived fast, which means that
/// the gateway is near, it is not even loaded before them; a page without alarms does not wait. Both waits are too short to
/// be noticed, by a browser clock that also runs in the background. If the page's load time is not known yet, the first
/// responses show whether the gateway is near.
const START: &str = "
      (async () => {
        const within = (milliseconds, awaited) => {
          const enough = new Promise((resolve) => AbortSignal.timeout(milliseconds).addEventListener('abort', () => resolve(false)));
          return Promise.race([awaited.then(() => true), enough]);
        };
        const script = import('/SCRIPT');
        const answers = Promise.allSettled(Object.values(window.firstAnswers));
        const [{ requestStart, responseEnd } = {}] = performance.getEntriesByType('navigation');
        const took = responseEnd - requestStart;
        if (!(took >= 40)) {
          const shown = within(took > 0 ? 200 : 30, answers).then((are) => are && within(300, window.alarmsPainted));
          await Promise.race([shown, window.alarmsPainted]);
        }
        const program = await WebAssembly.compileStreaming(fetch('/PROGRAM'));
        await within(100, window.alarmsPainted);
        const { default: start, loadOpened } = await script;
        await start({ module_or_path: program });
        loadOpened();
      })();
    ";

/// The names of the built files.
pub(super) struct Files<'a> {
    pub(super) script: &'a str,
    pub(super) wasm: &'a str,
    pub(super) icon: &'a str,
}

impl<'t> Page<'t> {
    pub(super) fn read(source: &'t str) -> Done<Self> {
        let mut page = Self {
            source,
            styles: Vec::new(),
            icon: String::new(),
            wasm_opt: Vec::new(),
        };
        for line in source.lines().filter(|line| line.contains("data-trunk")) {
            let of = |name: &str| between(line, &format!(" {name}=\""), "\"").unwrap_or_default();
            match of("rel") {
                "css" => page.styles.push(of("href").to_owned()),
                "icon" => of("href").clone_into(&mut page.icon),
                "rust" => {
                    page.wasm_opt = vec![format!("-O{}", of("data-wasm-opt"))];
                    let more = of("data-wasm-opt-params").split_whitespace();
                    page.wasm_opt.extend(more.map(str::to_owned));
                }
                other => {
                    return Err(format!(
                        "index.html: the build does not know rel=\"{other}\""
                    ));
                }
            }
        }
        if page.styles.is_empty() || page.icon.is_empty() || page.wasm_opt.is_empty() {
            return Err("index.html names no style sheet, no icon or no program".into());
        }
        Ok(page)
    }

    /// The delivered page, without indentation and comment lines. `style` is the joined style sheet.
    pub(super) fn write(&self, files: &Files<'_>, style: &str) -> String {
        let Files { script, wasm, icon } = files;
        let start = START.replace("SCRIPT", script).replace("PROGRAM", wasm);
        let mut has_style = false;
        let mut page = String::new();
        for line in self.source.lines().map(str::trim) {
            let is_comment =
                line.starts_with("//") || line.starts_with("<!--") && line.ends_with("-->");
            let line = if is_comment {
                continue;
            } else if line.contains("</body>") {
                format!("<script>{start}</script>\n{line}")
            } else if !line.contains("data-trunk") {
                line.to_owned()
            } else if line.contains("rel=\"rust\"") {
                continue;
            } else if line.contains("rel=\"icon\"") {
                format!("<link rel=\"icon\" href=\"/{icon}\" type=\"image/svg+xml\">")
            } else if std::mem::replace(&mut has_style, true) {
                continue;
            } else {
                format!("<style>{style}</style>")
            };
            page.push_str(&line);
            page.push('\n');
        }
        page
    }
}

/// Removes comments and unnecessary white space from a style sheet, but not inside quotation marks.
pub(super) fn small_style(sheet: &str) -> String {
    let mut small = String::new();
    let mut rest = sheet;
    let mut is_spaced = false;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' | '\'' => rest[1..].find(letter).map_or(rest.len(), |end| end + 2),
            _ => letter.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        if letter.is_ascii_whitespace() || word.starts_with("/*") {
            is_spaced = true;
            continue;
        }
        let needs_none = |letter: char| "{};,".contains(letter);
        if is_spaced && !needs_none(letter) && !small.ends_with(needs_none) && !small.is_empty() {
            small.push(' ');
        }
        is_spaced = false;
        if letter == '}' && small.ends_with(';') {
            small.pop();
        }
        small.push_str(word);
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_and_white_space_are_removed_from_a_style_sheet() {
        let sheet = "/* Why. */\n@layer a, b;\n.row > b:not(.x) :hover,\ni { /* { */\n    width: calc(1em + 2px);\n    content: \"a  ; /* }\";\n}\n";
        assert_eq!(
            small_style(sheet),
            "@layer a,b;.row > b:not(.x) :hover,i{width: calc(1em + 2px);content: \"a  ; /* }\"}"
        );
    }

    const SOURCE: &str = "<head>\n    <!-- Why. -->\n    <link data-trunk rel=\"rust\" data-bin=\"x\" data-wasm-opt=\"z\" data-wasm-opt-params=\"--a --b\">\n    \
        <link data-trunk rel=\"icon\" href=\"style/icon.svg\" type=\"image/svg+xml\">\n    \
        <link data-trunk rel=\"css\" href=\"style/a.css\">\n    <link data-trunk rel=\"css\" href=\"style/b.css\">\n</head><body>\n</body>\n";

    #[test]
    fn the_page_names_the_built_files_and_contains_one_style_sheet() {
        let page = Page::read(SOURCE).unwrap();
        assert_eq!(page.styles, ["style/a.css", "style/b.css"]);
        assert_eq!(page.icon, "style/icon.svg");
        assert_eq!(page.wasm_opt, ["-Oz", "--a", "--b"]);
        let files = Files {
            script: "s-1.js",
            wasm: "w-2.wasm",
            icon: "i-4.svg",
        };
        let text = page.write(&files, "i{color:red}");
        assert!(
            !text.contains("data-trunk") && !text.contains("Why"),
            "{text}"
        );
        assert_eq!(
            text.matches("<style>i{color:red}</style>").count(),
            1,
            "{text}"
        );
        for name in ["'/s-1.js'", "'/w-2.wasm'", "\"/i-4.svg\""] {
            assert!(text.contains(name), "{name} in {text}");
        }
    }

    #[test]
    fn an_unknown_link_is_an_error() {
        let source = SOURCE.replace("rel=\"icon\"", "rel=\"copy-file\"");
        assert!(Page::read(&source).is_err_and(|why| why.contains("copy-file")));
        assert!(Page::read("<head></head>").is_err());
    }
}
