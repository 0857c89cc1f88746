//! Statistics of the real file, beside counts taken from its rows.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use docket_tests::{Client, Docket};
use flate2::read::GzDecoder;

/// What `/v1/stats` says of an imported year is what its rows say: tickets by the month in which they were
/// opened and by their last priority, and how often they were reopened.
pub(crate) async fn agree_with_the_file(docket: &Docket, tenant: &str, file: &Path) {
    let Counted { months, priorities, hand_overs } = counted(file);
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
    assert_eq!(total["handed_over"], hand_overs);
    let queues = lead.get("/v1/queues").await.expect(200);
    let closed = serde_json::json!([{"key": "closed", "count": 24_918, "open": 0}]);
    assert_eq!(queues.body["by_status"], closed, "the last state of all");
    let told = docket.run_ok(&["stats", "verify", "--json"]);
    let recount: serde_json::Value = serde_json::from_str(&told).expect("a report");
    assert_eq!((&recount["differing"], &recount["tickets"]), (&0.into(), &24_918.into()), "{recount:#}");
    // What was is told from the log alone, and is the same.
    let past =
        lead.get(&format!("/v1/stats?group_by=month,priority&as_of={}", all.position())).await.expect(200);
    let now = lead.get("/v1/stats?group_by=month,priority").await.expect(200);
    assert_eq!(past.body, now.body);
}

/// What the rows of the file say.
struct Counted {
    /// Tickets by the month in which they were opened.
    months: BTreeMap<String, i64>,
    /// Tickets by their last priority.
    priorities: BTreeMap<String, i64>,
    /// How often a ticket went from one agent to another, or from one group to another.
    hand_overs: i64,
}

fn counted(file: &Path) -> Counted {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(file).expect("the file")).read_to_end(&mut bytes).expect("gzip");
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.byte_headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|field| field == name.as_bytes()).expect("a column");
    let columns = ["number", "opened_at", "priority", "assignment_group", "assigned_to"].map(column);
    let mut last: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut hands: BTreeMap<String, [String; 2]> = BTreeMap::new();
    let mut hand_overs = 0;
    for record in reader.byte_records() {
        let record = record.expect("a row");
        let [number, opened, priority, group, agent] =
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
        let now = [group, agent];
        if let Some(before) = hands.insert(number.clone(), now.clone()) {
            let other = |(before, now): (&String, &String)| before != "?" && now != "?" && before != now;
            hand_overs += i64::from(before.iter().zip(&now).any(other));
        }
        last.insert(number, (month, key.to_owned()));
    }
    let (mut months, mut priorities) = (BTreeMap::new(), BTreeMap::new());
    for (month, priority) in last.into_values() {
        *months.entry(month).or_default() += 1;
        *priorities.entry(priority).or_default() += 1;
    }
    Counted { months, priorities, hand_overs }
}
