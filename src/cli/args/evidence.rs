//! Arguments of `evidence`.

use std::path::PathBuf;

use clap::Subcommand;

/// `evidence …`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Evidence {
    /// Write everything that proves how a ukey came to be: approval, request, certificate, what the ukey
    /// signed, the CRL, its part of the log. Needs the officer's own key; auditor and security sign the
    /// log with it.
    Export {
        /// Serial number or its last four or more characters.
        serial: String,
        /// The zip to write.
        out: PathBuf,
        /// Show this field of the form, too, e.g. mobile; the name is shown anyway.
        #[arg(long, value_name = "FIELD")]
        disclose: Vec<String>,
    },
    /// Judge a bundle; without a home. The same can be done with the verify.sh inside it.
    Verify {
        /// The zip.
        file: PathBuf,
        /// SHA-256 of the root certificate as it stands on paper; else compare the one that is told.
        #[arg(long, value_name = "SHA256")]
        fingerprint: Option<String>,
    },
}
