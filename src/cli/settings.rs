//! `config …`.

use serde_json::{Value, json};

use super::args::Config;
use super::commands::Cli;
use crate::domain::officer::Duty;
use crate::station::Error;
use crate::station::desk::Access;
use crate::station::jobs::settings::{self, Set};

impl Cli<'_> {
    pub(super) fn config(&self, command: &Config) -> Result<u8, Error> {
        match command {
            Config::List => {
                let (desk, officer) = self.read()?;
                let items: Vec<Value> =
                    settings::list(&desk, &officer)?.iter().map(value).collect();
                let columns = [
                    ("col-name", "name"),
                    ("col-value", "value"),
                    ("col-range", "range"),
                    ("col-rule", "rule"),
                ];
                self.output.list(&items, &columns);
                Ok(0)
            }
            Config::Get { name } => {
                let (desk, officer) = self.read()?;
                Ok(self.show(&value(&settings::get(&desk, &officer, name)?)))
            }
            Config::Set { name, value: typed } => {
                let (desk, officer) = self.open(Access::Change, Duty::SetUp)?;
                let set = settings::set(&desk, &officer, name, typed)?;
                Ok(self.done(&value(&set)))
            }
        }
    }
}

fn value(set: &Set) -> Value {
    let Set { setting, value } = set;
    json!({
        "name": setting.name,
        "value": value,
        "default": setting.default,
        "range": setting.range.to_string(),
        "rule": setting.rule,
    })
}
