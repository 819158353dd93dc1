//! `Destination`: where a list of revoked certificates is published: a folder, or an address on the web
//! (D-41). Reaches neither.

use std::fmt;
use std::path::PathBuf;

use super::certificate::Generation;
use super::text::is_hidden;

/// Stands between two destinations of a setting.
const BETWEEN: char = ';';
/// The file's name where an address names a folder.
const FILE: &str = "unit.crl";

/// Where a list is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A folder of this computer, or one that is mounted.
    Folder(PathBuf),
    /// An address `http://` or `https://` that takes the list by PUT and gives it by GET.
    Web(String),
}

/// A text that names no destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a destination is a folder's whole path, or http(s)://host/path without a password")]
pub struct NoDestination;

impl Destination {
    /// Reads one, as a person types it: what does not begin with `http://` or `https://` is a folder.
    ///
    /// # Errors
    /// [`NoDestination`] for nothing, invisible characters, another scheme, or an address with a user,
    /// a password, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, NoDestination> {
        let text = text.trim();
        if text.is_empty() || text.chars().any(is_hidden) {
            return Err(NoDestination);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = text.chars().all(|c| c.is_ascii_graphic())
            && !host.is_empty()
            // A password would stand in a setting and in messages.
            && !rest.contains(['@', '?', '#']);
        if !plain || !matches!(scheme, "http" | "https") {
            return Err(NoDestination);
        }
        let file = if path.is_empty() || path.ends_with('/') {
            FILE
        } else {
            ""
        };
        Ok(Self::Web(format!("{scheme}://{host}/{path}{file}")))
    }

    /// Where the list of a CA before goes, beside the present one's (D-60): in a folder by its own name, on
    /// the web with the generation behind the name of the present one's file.
    #[must_use]
    pub fn of_former(&self, generation: Generation) -> Self {
        let Self::Web(address) = self else {
            return self.clone();
        };
        let (folder, file) = address.rsplit_once('/').unwrap_or(("", address));
        let (stem, ending) = match file.rsplit_once('.') {
            Some((stem, ending)) => (stem, format!(".{ending}")),
            None => (file, String::new()),
        };
        let generation = generation.to_string().to_lowercase();
        Self::Web(format!("{folder}/{stem}-{generation}{ending}"))
    }

    /// Reads the destinations of a setting, `;` between them; a folder by its whole path.
    ///
    /// # Errors
    /// [`NoDestination`].
    pub fn list(text: &str) -> Result<Vec<Self>, NoDestination> {
        let texts = text.split(BETWEEN).map(str::trim);
        let given = texts.filter(|text| !text.is_empty()).map(Self::parse);
        given
            .map(|one| match one? {
                Self::Folder(path) if path.is_relative() => Err(NoDestination),
                one => Ok(one),
            })
            .collect()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Web(address) => f.write_str(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let one = Destination::parse(text).ok()?;
        Some(one.to_string())
    }

    #[test]
    fn an_address_names_the_file_and_gives_no_password_away() {
        for (typed, kept) in [
            ("http://crl.example.cn", "http://crl.example.cn/unit.crl"),
            (
                "https://crl.example.cn:8443/a/",
                "https://crl.example.cn:8443/a/unit.crl",
            ),
            (
                " http://10.0.0.7/lists/county.crl ",
                "http://10.0.0.7/lists/county.crl",
            ),
            ("/srv/web", "/srv/web"),
        ] {
            assert_eq!(told(typed).as_deref(), Some(kept), "{typed}");
        }
        for bad in [
            "",
            "ftp://crl.example.cn/",
            "http://",
            "http:///unit.crl",
            "http://name:word@crl.example.cn/",
            "http://crl.example.cn/?a=1",
            "http://crl.example.cn/a b",
            "a\u{200b}b",
        ] {
            assert_eq!(told(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_setting_lists_several_and_takes_no_folder_beside_where_one_stands() {
        let list = Destination::list("/srv/web; http://a.example.cn/x.crl;").unwrap();
        let told: Vec<_> = list.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["/srv/web", "http://a.example.cn/x.crl"]);
        assert_eq!(Destination::list("  "), Ok(Vec::new()));
        assert_eq!(Destination::list("/srv/web; web"), Err(NoDestination));
    }
}
