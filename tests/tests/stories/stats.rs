//! Statistics of the real file, beside counts taken from its rows.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use docket_tests::{Client, Docket};
use flate2::read::GzDecoder;

/// What `/v1/stats` says of an imported year is what its rows say: tickets by the month in which they were
/// opened and by their last priority, and how often they were reopened.
pub(crate) async fn agree_with_the_file(docket: &Docket, tenant: &str, file: &Path) {
    let (months, priorities) = counted(file);
    let token = docket.run_ok(&["token", "--tenant", tenant, "--role", "support_lead", "--sub", "lea"]);
    let lead = Client::new(docket.url(), Some(&token));
    let said = async |by: &str| -> BTreeMap<String, i64> {
        let stats = lead.get(&format!("/v1/stats/volume?group_by={by}")).await.expect(200);
        let items = stats.body["items"].as_array().expect("items").iter();
        let created = items.map(|item| {
            let key = item["key"][by].as_str().expect("a key").to_owned();
            (key, item["created"].as_i64().expect("a number"))
        });
        created.filter(|(_, created)| *created > 0).collect()
    };
    assert_eq!(said("month").await, months);
    assert_eq!(said("priority").await, priorities);
    let all = lead.get("/v1/stats").await.expect(200);
    let total = &all.body["total"];
    assert_eq!((&total["created"], &total["reopened"]), (&24_918.into(), &331.into()));
    assert_eq!(total["resolution"]["count"], 24_918, "all were resolved in the end");
}

/// Tickets by the month in which they were opened, and by their last priority.
fn counted(file: &Path) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(file).expect("the file")).read_to_end(&mut bytes).expect("gzip");
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.byte_headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|field| field == name.as_bytes()).expect("a column");
    let columns = ["number", "opened_at", "priority"].map(column);
    let mut last: BTreeMap<String, (String, String)> = BTreeMap::new();
    for record in reader.byte_records() {
        let record = record.expect("a row");
        let [number, opened, priority] =
            columns.map(|column| String::from_utf8_lossy(&record[column]).into_owned());
        // 29/2/2016 01:16
        let mut date = opened.split(' ').next().expect("a date").split('/').skip(1);
        let (month, year) = (date.next().expect("a month"), date.next().expect("a year"));
        let month = format!("{year}-{month:0>2}-01");
        // 3 - Moderate: the file's words for what the profile calls critical, high, medium and low.
        let key = match priority.chars().next() {
            Some('1') => "critical",
            Some('2') => "high",
            Some('3') => "medium",
            _ => "low",
        };
        last.insert(number, (month, key.to_owned()));
    }
    let (mut months, mut priorities) = (BTreeMap::new(), BTreeMap::new());
    for (month, priority) in last.into_values() {
        *months.entry(month).or_default() += 1;
        *priorities.entry(priority).or_default() += 1;
    }
    (months, priorities)
}
