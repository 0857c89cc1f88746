use std::io::Write;

use super::*;

const HEADER: &str = "number,incident_state,opened_by,opened_at,caller_id,sys_updated_by,sys_updated_at,\
                      contact_type,location,category,subcategory,u_symptom,cmdb_ci,impact,urgency,priority,\
                      assignment_group,assigned_to,closed_code";

fn row(number: &str, state: &str, at: &str) -> String {
    format!(
        "{number},{state},Opened by  8,29/2/2016 01:16,Caller 1,Updated by 2,{at},Phone,Location 1,Category 1,\
         Subcategory 1,?,?,2 - Medium,2 - Medium,3 - Moderate,Group 56,?,code 5"
    )
}

fn incidents(rows: &[String]) -> Vec<Incident> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{HEADER}").unwrap();
    for row in rows {
        writeln!(file, "{row}").unwrap();
    }
    let settings = domain::tenant::profile("platform").unwrap();
    let mut read_so_far = Vec::new();
    read(file.path(), &settings, &ProgressBar::hidden(), |incident| {
        read_so_far.push(incident);
        true
    })
    .unwrap();
    read_so_far
}

fn judged(incident: &Incident) -> Vec<&str> {
    incident.judgements.iter().map(|judgement| judgement.what.as_str()).collect()
}

#[test]
fn rows_of_a_number_are_one_incident() {
    let read = incidents(&[
        row("INC1", "New", "29/2/2016 01:23"),
        row("INC1", "Resolved", "29/2/2016 08:53"),
        row("INC2", "Active", "1/3/2016 10:00"),
    ]);
    assert_eq!(read.iter().map(|incident| incident.rows).collect::<Vec<_>>(), [2, 1]);
    let history = read[0].history.as_ref().unwrap();
    assert_eq!(history.opened_at.to_rfc3339(), "2016-02-29T01:16:00+00:00");
    assert_eq!(history.opening.subject, "Category 1 · Subcategory 1");
    assert_eq!(history.updates[0].state.resolution.as_deref(), Some("code 5"));
    assert_eq!(history.opening.state.resolution, None);
    assert_eq!(judged(&read[0]), [""; 0]);
}

#[test]
fn what_needs_judgement_is_named() {
    let read = incidents(&[
        row("INC1", "New", "29/2/2016 11:10"),
        row("INC1", "-100", "29/2/2016 09:52"),
        row("INC1", "Closed", "29/2/2016 12:00"),
        row("INC1", "Active", "29/2/2016 13:00"),
    ]);
    let judged = judged(&read[0]).join("\n");
    for part in ["state -100", "out of time order", "from New to Closed", "from Closed to Active"] {
        assert!(judged.contains(part), "{part}: {judged}");
    }
    let history = read[0].history.as_ref().unwrap();
    assert_eq!(history.updates[0].state.status, "new");
}

#[test]
fn rows_that_do_not_stand_together_are_refused() {
    let at = "29/2/2016 11:10";
    let read = incidents(&[row("INC1", "New", at), row("INC2", "New", at), row("INC1", "Active", at)]);
    assert!(read[2].history.as_ref().unwrap_err().contains("sort the file"));
}

#[test]
fn another_file_is_refused_by_the_column_it_lacks() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "number,state\nINC1,New").unwrap();
    let settings = domain::tenant::profile("platform").unwrap();
    let error = read(file.path(), &settings, &ProgressBar::hidden(), |_| true).unwrap_err();
    assert!(error.to_string().ends_with("it has no column incident_state"), "{error}");
}
