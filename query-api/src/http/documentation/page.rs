//! The documentation page: every operation of an OpenAPI document, as plain HTML.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::html::{Escaped, prose};
use super::schema::{example, fields, plain, type_of};

/// Renders the page. Needs no script to be read; `/docs.js` adds a filter.
pub(super) fn render(document: &Value) -> String {
    let empty = Map::new();
    let schemas = document["components"]["schemas"].as_object().unwrap_or(&empty);
    let title = Escaped(document["info"]["title"].as_str().unwrap_or("API")).to_string();
    let operations = operations(document);

    let mut menu = String::new();
    let mut body = String::new();
    let mut tags: Vec<&str> = operations.iter().map(|o| o.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags {
        let _ = write!(menu, "<li><h2>{0}</h2><ul>", Escaped(tag));
        let _ = write!(body, "<section aria-label=\"{0}\"><h2>{0}</h2>", Escaped(tag));
        for operation in operations.iter().filter(|o| o.tag == tag) {
            let _ = write!(
                menu,
                "<li><a href=\"#{}\"><span class=\"method {1}\">{1}</span> {2}</a></li>",
                Escaped(&operation.id()),
                operation.method,
                Escaped(operation.path)
            );
            body.push_str(&operation.render(schemas));
        }
        menu.push_str("</ul></li>");
        body.push_str("</section>");
    }
    let mut shapes = String::new();
    for (name, schema) in schemas {
        let _ = write!(
            shapes,
            "<article class=\"schema\" id=\"schema-{0}\"><h3>{0}</h3>{1}{2}</article>",
            Escaped(name),
            prose(schema["description"].as_str().unwrap_or_default()),
            match fields(schema) {
                table if table.is_empty() => format!("<p>{}</p>", type_of(schema)),
                table => table,
            },
        );
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/console.css\"><script src=\"/docs.js\" defer></script></head>\
         <body class=\"docs\"><a class=\"skip\" href=\"#main\">Skip to the operations</a>\
         <header class=\"top\"><strong>{title}</strong> <span>{version}</span>\
         <nav aria-label=\"Pages\"><a href=\"/\">Console</a> <a href=\"/openapi.json\">openapi.json</a> \
         <a href=\"/asyncapi.json\">asyncapi.json</a> <a href=\"/schemas\">schemas</a></nav></header>\
         <div class=\"columns\"><nav class=\"menu\" aria-label=\"Operations\">\
         <label id=\"filter-label\" hidden>Filter <input id=\"filter\" type=\"search\"></label>\
         <ul>{menu}<li><h2><a href=\"#schemas\">Schemas</a></h2></li></ul></nav>\
         <main id=\"main\">{intro}{body}<section id=\"schemas\" aria-label=\"Schemas\"><h2>Schemas</h2>{shapes}</section>\
         </main></div></body></html>",
        version = Escaped(document["info"]["version"].as_str().unwrap_or_default()),
        intro = prose(document["info"]["description"].as_str().unwrap_or_default()),
    )
}

struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    tag: &'a str,
    spec: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(spec) = item.get(method) {
                let tag = spec["tags"][0].as_str().unwrap_or("other");
                found.push(Operation { method, path, tag, spec });
            }
        }
    }
    found
}

impl Operation<'_> {
    fn id(&self) -> String {
        self.spec["operationId"]
            .as_str()
            .map_or_else(|| format!("{}-{}", self.method, self.path), ToOwned::to_owned)
    }

    fn render(&self, schemas: &Map<String, Value>) -> String {
        let spec = self.spec;
        let summary = spec["summary"].as_str().unwrap_or_default();
        let mut out = format!(
            "<article class=\"operation\" id=\"{}\"><h3><span class=\"method {1}\">{1}</span> <code>{2}</code></h3>",
            Escaped(&self.id()),
            self.method,
            Escaped(self.path)
        );
        let _ = write!(out, "{}{}", prose(summary), prose(spec["description"].as_str().unwrap_or_default()));
        if let Some(parameters) = spec["parameters"].as_array().filter(|all| !all.is_empty()) {
            out.push_str(&parameter_table(parameters));
        }
        if spec.get("requestBody").is_some() {
            let _ = write!(out, "<h4>Body</h4>{}", contents(&spec["requestBody"]["content"], schemas));
        }
        out.push_str("<h4>Answers</h4><dl>");
        for (status, response) in spec["responses"].as_object().into_iter().flatten() {
            let _ = write!(
                out,
                "<dt><code>{}</code></dt><dd>{}{}</dd>",
                Escaped(status),
                prose(response["description"].as_str().unwrap_or_default()),
                contents(&response["content"], schemas)
            );
        }
        out.push_str("</dl></article>");
        out
    }
}

fn parameter_table(parameters: &[Value]) -> String {
    let mut out = "<h4>Parameters</h4><div class=\"wide\"><table><thead><tr><th scope=\"col\">Name</th>\
                   <th scope=\"col\">In</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead><tbody>"
        .to_owned();
    for parameter in parameters {
        let mut meaning = prose(parameter["description"].as_str().unwrap_or_default());
        let given = [&parameter["example"], &parameter["schema"]["example"]];
        if let Some(example) = given.into_iter().find(|example| !example.is_null()) {
            let _ = write!(meaning, "<p>Example: <code>{}</code></p>", Escaped(&plain(example)));
        }
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code>{}</th><td>{}</td><td>{}</td><td>{meaning}</td></tr>",
            Escaped(parameter["name"].as_str().unwrap_or_default()),
            if parameter["required"] == true { " <small>required</small>" } else { "" },
            Escaped(parameter["in"].as_str().unwrap_or_default()),
            type_of(&parameter["schema"]),
        );
    }
    out.push_str("</tbody></table></div>");
    out
}

/// Bodies by media type: the type, its fields if it has no name, and an example to fold out.
fn contents(content: &Value, schemas: &Map<String, Value>) -> String {
    let mut out = String::new();
    for (media_type, body) in content.as_object().into_iter().flatten() {
        let schema = &body["schema"];
        let shown = body.get("example").cloned().unwrap_or_else(|| example(schema, schemas));
        let text = match &shown {
            Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        let _ = write!(
            out,
            "<p><code>{}</code>: {}</p>{}<details><summary>Example</summary><pre tabindex=\"0\">{}</pre></details>",
            Escaped(media_type),
            type_of(schema),
            fields(schema),
            Escaped(&text)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operation_is_on_the_page_and_nothing_is_markup() {
        let page = render(&json!({
            "info": {"title": "<Docket>", "version": "1"},
            "paths": {"/v1/tickets/{id}": {"get": {
                "operationId": "get_ticket", "tags": ["Tickets"], "summary": "One <ticket>.",
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "It.", "content": {"application/json":
                    {"schema": {"$ref": "#/components/schemas/Ticket"}}}}},
            }}},
            "components": {"schemas": {"Ticket": {"type": "object", "properties": {"n": {"type": "integer"}}}}},
        }));
        assert!(page.contains("id=\"get_ticket\""));
        assert!(page.contains("href=\"#schema-Ticket\""));
        assert!(page.contains("One &lt;ticket&gt;."));
        assert!(!page.contains("<Docket>"));
    }
}
