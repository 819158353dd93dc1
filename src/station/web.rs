//! The one place that speaks HTTP: puts a published file to its address and fetches it back. Sends
//! nothing but what is public anyhow; follows no redirect and uses no proxy.

use std::time::Duration;

use super::error::Error;

/// How long one of the two calls may take, all in all.
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);
/// Largest file that is fetched back: more than any list.
const MAX_BYTES: u64 = 64 << 20;
/// Media type of a list (RFC 2585).
const CRL: &str = "application/pkix-crl";

/// Puts a list to an address, fetches it back, and demands that it is the same.
///
/// # Errors
/// `crl-not-sent`, `crl-not-fetched`: the address and the status, or why there was none;
/// `crl-differs` when another file came back.
pub(super) fn publish(address: &str, list: &[u8], timeout: Duration) -> Result<(), Error> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .proxy(None);
    let agent = ureq::Agent::new_with_config(config.build());
    let failed = |code, error: ureq::Error| {
        Error::failed(code, format!("{address}: {error}")).because(error)
    };
    let sent = agent.put(address).content_type(CRL).send(list);
    sent.map_err(|error| failed("crl-not-sent", error))?;
    // A cache between here and there is to ask again.
    let fetched = agent
        .get(address)
        .header("Cache-Control", "no-cache")
        .call();
    let fetched = fetched.and_then(|mut response| {
        let body = response.body_mut().with_config();
        body.limit(MAX_BYTES).read_to_vec()
    });
    let fetched = fetched.map_err(|error| failed("crl-not-fetched", error))?;
    if fetched == list {
        Ok(())
    } else {
        Err(Error::failed("crl-differs", address))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_address_that_never_answers_is_given_up_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/unit.crl", listener.local_addr().unwrap());
        let silent = std::thread::Builder::new().spawn(move || {
            let (mut stream, _peer) = listener.accept().unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).ok(); // Until the other side gives up.
            all
        });
        let error = publish(&address, b"list", Duration::from_millis(300)).unwrap_err();
        assert_eq!(error.code, "crl-not-sent");
        assert!(error.subject.contains("timeout"), "{}", error.subject);
        let asked = silent.unwrap().join().unwrap();
        assert!(asked.starts_with(b"PUT /unit.crl"));
    }

    #[test]
    fn where_nobody_listens_nothing_is_published() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/unit.crl", listener.local_addr().unwrap());
        drop(listener);
        let error = publish(&address, b"list", TIMEOUT).unwrap_err();
        assert_eq!(error.code, "crl-not-sent");
    }
}
