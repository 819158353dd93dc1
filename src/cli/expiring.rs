//! `certificate expiring`.

use std::path::Path;

use serde_json::{Value, json};

use super::commands::Cli;
use crate::station::Error;
use crate::station::jobs::expiring::{self, Plan};

impl Cli<'_> {
    pub(super) fn expiring(&self, plan: Plan, out: Option<&Path>) -> Result<u8, Error> {
        let (desk, officer) = self.read()?;
        let expiring = expiring::expiring(&desk, &officer, plan)?;
        if let Some(out) = out {
            expiring::write(&expiring, self.output.wording(), out)?;
        }
        let items: Vec<Value> = expiring
            .rows
            .iter()
            .map(|(row, day)| {
                json!({
                    "serial": row.serial,
                    "ukey": row.ukey,
                    "number": row.number,
                    "holder": row.holder,
                    "unit": row.unit,
                    "not_after": row.not_after,
                    "appointment": day.to_string(),
                })
            })
            .collect();
        let months: Vec<Value> = expiring
            .months
            .iter()
            .map(|one| json!({ "month": one.month, "unit": one.unit, "count": one.count }))
            .collect();
        if self.output.is_json() {
            let files = out.into_iter().collect::<Vec<_>>();
            let document = json!({ "items": items, "months": months, "files": files });
            self.output.document(&document, "");
            return Ok(0);
        }
        self.output.table(
            &items,
            &[
                ("col-appointment", "appointment"),
                ("col-holder", "holder"),
                ("col-unit", "unit"),
                ("col-not-after", "not_after"),
                ("col-serial", "ukey"),
                ("col-certificate", "serial"),
            ],
        );
        let columns = [
            ("col-month", "month"),
            ("col-unit", "unit"),
            ("col-count", "count"),
        ];
        self.output.table(&months, &columns);
        if let Some(out) = out {
            let args = [("path", out.display().to_string())];
            self.output
                .say(&self.output.wording().with("written", args));
        }
        Ok(0)
    }
}
