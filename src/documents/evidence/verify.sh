#!/bin/sh
# Judges this folder with openssl, sha256sum and the shell's own tools; nothing of ukey-station is used.
#
#   sh verify.sh [FINGERPRINT]
#
# FINGERPRINT is the SHA-256 of trust/root.pem as it stands on paper, with or without colons.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "NOT PROVEN: $*" >&2; exit 1; }
proven() { echo "proven: $*"; }
sum() { set -- "$(sha256sum)"; echo "${1%% *}"; }

# signed SIGNATURE CONTENT WHEN: by somebody whose certificate leads to the root, exactly this content.
signed() {
    openssl cms -verify -inform DER -in "$1" -binary -CAfile trust/root.pem -attime "$3" \
        -out "$work/content" 2>"$work/why" || fail "$1: $(cat "$work/why")"
    [ "$(sum <"$work/content")" = "$(sum <"$2")" ] || fail "$1 signs another content than $2"
}

root=$(openssl x509 -in trust/root.pem -noout -fingerprint -sha256)
root=$(echo "${root#*=}" | tr -d ':' | tr 'A-F' 'a-f')
if [ $# -gt 0 ]; then
    [ "$(echo "$1" | tr -d ': ' | tr 'A-F' 'a-f')" = "$root" ] || fail "trust/root.pem is another root: $root"
    proven "the root is the one on paper"
else
    echo "compare with paper: the root's SHA-256 is $root"
fi

sha256sum --check --quiet --strict SHA256SUMS || fail "a file was changed"
find . -type f ! -name SHA256SUMS ! -name SHA256SUMS.p7s | sort | while read -r file; do
    case "$(cat SHA256SUMS)" in *"  ${file#./}"*) ;; *) fail "$file is not in SHA256SUMS" ;; esac
done
signed SHA256SUMS.p7s SHA256SUMS "$(cat sealed-at)"
proven "the folder is as the officer sealed it"

for folder in certificates/*; do
    serial=$(openssl x509 -in "$folder/certificate.pem" -noout -serial)
    serial=${serial#serial=}
    record=$(cat "$folder/record.json")
    ca=trust/holder-ca.pem list=crl/list.pem
    # Signed before the CA had another key: what it is judged by stands beside it.
    if [ -e "$folder/holder-ca.pem" ]; then ca=$folder/holder-ca.pem list=$folder/list.pem; fi
    signed "$folder/approval.p7s" "$folder/record.json" "$(cat "$folder/approved-at")"
    case $record in *'"decision":"approved"'*'"post":"security"'*) ;; *) fail "$folder: no approval" ;; esac
    proven "$serial: the request was approved"

    for value in "$folder"/disclosed/*; do
        [ -e "$value" ] || continue # Erased after its time, or not disclosed.
        field=${value##*/}
        case $record in *"\"$field\":\"$(sum <"$value")\""*) ;; *) fail "$value was not approved" ;; esac
        # A version word, a length, the field's key, 32 bytes of salt, the value.
        proven "$serial: approved with $field = $(tail -c +$((21 + 4 + ${#field} + 32 + 1)) "$value")"
    done

    openssl x509 -in "$folder/certificate.pem" -pubkey -noout >"$work/key"
    openssl req -in "$folder/request.p10" -inform DER -verify -noout 2>"$work/why" || fail "$(cat "$work/why")"
    [ "$(openssl req -in "$folder/request.p10" -inform DER -pubkey -noout | sum)" = "$(sum <"$work/key")" ] ||
        fail "$folder: the certificate is for another key than was asked for"
    openssl verify -attime "$(cat "$folder/issued-at")" -purpose sslclient -CAfile "$ca" \
        "$folder/certificate.pem" >"$work/why" 2>&1 || fail "$(cat "$work/why")"
    proven "$serial: the CA certified the key that the ukey asked for"

    for proof in possession certificate; do
        [ -e "$folder/$proof.txt" ] || continue # Made before this was kept.
        openssl dgst -sha256 -verify "$work/key" -signature "$folder/$proof.sig" "$folder/$proof.txt" \
            >"$work/why" 2>&1 || fail "$folder/$proof.sig: $(cat "$work/why")"
        proven "$serial: the ukey signed with its key (${proof})"
    done

    if [ -e "$list" ]; then
        case "$(openssl crl -in "$list" -CAfile "$ca" -noout 2>&1)" in
            *"verify OK"*) ;;
            *) fail "$list is not the CA's" ;;
        esac
        case "$(openssl crl -in "$list" -noout -text)" in
            *"Serial Number: $serial"*) listed=yes ;;
            *) listed=no ;;
        esac
        [ "$(cat "$folder/listed")" = "$listed" ] || fail "$folder/listed says otherwise than the CRL"
        proven "$serial: in the CRL of $(openssl crl -in "$list" -noout -lastupdate): $listed"
    fi
done

head=$(cat audit/before)
for row in audit/rows/*; do
    previous=$(tail -c +30 "$row" | head -c 32 | od -An -v -tx1 | tr -d ' \n')
    [ "$previous" = "$head" ] || fail "$row does not follow the row before it"
    head=$(sum <"$row")
    count=${row##*/}
done
count=$(echo "$count" | sed 's/^0*//')
signed audit/checkpoint.p7s audit/checkpoint.json "$(cat audit/signed-at)"
case "$(cat audit/checkpoint.json)" in
    *"\"count\":$count,"*"\"head\":\"$head\""*) ;;
    *) fail "the checkpoint does not sign row $count" ;;
esac
proven "the log is unbroken up to row $count, which an officer signed"
echo "all proven"
