//! Keys and certificates on the ukey at work. Finds them by class and `CKA_ID`, never by label.

use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{
    Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle,
};
use sha2::{Digest as _, Sha256};

use super::der;
use super::device::Device;
use crate::domain::certificate::CertificateObject;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::key::{KeyAlgorithm, KeyAttributes, KeyId, PublicKeyDer};
use crate::domain::label::TokenLabel;
use crate::domain::token_profile::{Keys, Mechanism as Preferred, TemplateAttribute};
use crate::domain::ukey::Inventory;

/// `CKA_ID` and `CKA_VALUE` of a certificate.
type IdAndDer = (Vec<u8>, Vec<u8>);

impl Device {
    /// `C_GenerateKeyPair` with the attributes of D-35 asked for one by one.
    pub(in crate::token) fn generate(
        &mut self,
        algorithm: KeyAlgorithm,
        id: KeyId,
        label: &TokenLabel,
        keys: &Keys,
    ) -> Result<PublicKeyDer, Fault> {
        let mut public = vec![
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::Id(id.as_bytes().to_vec()),
            Attribute::Label(label.as_str().as_bytes().to_vec()),
        ];
        let mut private = vec![
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Id(id.as_bytes().to_vec()),
            Attribute::Label(label.as_str().as_bytes().to_vec()),
        ];
        for (name, attribute) in [
            (TemplateAttribute::Decrypt, Attribute::Decrypt(false)),
            (TemplateAttribute::Unwrap, Attribute::Unwrap(false)),
            (TemplateAttribute::Derive, Attribute::Derive(false)),
            (
                TemplateAttribute::SignRecover,
                Attribute::SignRecover(false),
            ),
        ] {
            if !keys.avoid.contains(&name) {
                private.push(attribute);
            }
        }
        let mechanism = match algorithm {
            KeyAlgorithm::EcP256 => {
                public.push(Attribute::EcParams(der::P256_PARAMETERS.to_vec()));
                Mechanism::EccKeyPairGen
            }
            KeyAlgorithm::Rsa2048 => {
                public.push(Attribute::ModulusBits(2048.into()));
                public.push(Attribute::PublicExponent(vec![1, 0, 1]));
                Mechanism::RsaPkcsKeyPairGen
            }
        };
        let (public, _) =
            self.with_session(|session| session.generate_key_pair(&mechanism, &public, &private))?;
        self.public_key(public)
    }

    /// The one private key of this id with its attributes, and its public part.
    pub(in crate::token) fn read_key(
        &mut self,
        id: KeyId,
    ) -> Result<(KeyAttributes, PublicKeyDer), Fault> {
        let private = self.find_one(ObjectClass::PRIVATE_KEY, id)?;
        let public = self.find_one(ObjectClass::PUBLIC_KEY, id)?;
        Ok((self.key_attributes(private)?, self.public_key(public)?))
    }

    /// Signs a message: ECDSA with SHA-256 in DER, or RSA PKCS #1 v1.5 with SHA-256.
    pub(in crate::token) fn sign(
        &mut self,
        id: KeyId,
        message: &[u8],
        keys: &Keys,
    ) -> Result<Vec<u8>, Fault> {
        let key = self.find_one(ObjectClass::PRIVATE_KEY, id)?;
        let attributes =
            self.with_session(|session| session.get_attributes(key, &[AttributeType::KeyType]))?;
        let is_ec = attributes.contains(&Attribute::KeyType(KeyType::EC));
        let listed = self.mechanisms()?;
        let chosen = keys.mechanisms.iter().find(|preferred| {
            let (mechanism_type, for_ec) = match preferred {
                Preferred::EcdsaSha256 => (MechanismType::ECDSA_SHA256, true),
                Preferred::Ecdsa => (MechanismType::ECDSA, true),
                Preferred::Sha256RsaPkcs => (MechanismType::SHA256_RSA_PKCS, false),
                Preferred::RsaPkcs => (MechanismType::RSA_PKCS, false),
            };
            for_ec == is_ec && listed.contains(&mechanism_type)
        });
        let digest = Sha256::digest(message);
        let raw = |this: &mut Self, mechanism: Mechanism<'_>, data: &[u8]| {
            this.with_session(|session| session.sign(&mechanism, key, data))
        };
        let untrue = |error: ::der::Error| {
            Fault::new(FaultKind::WrongAnswer).with_detail(format!("signature: {error}"))
        };
        match chosen {
            Some(Preferred::EcdsaSha256) => {
                let signature = raw(self, Mechanism::EcdsaSha256, message)?;
                der::ecdsa_signature(&signature).map_err(untrue)
            }
            Some(Preferred::Ecdsa) => {
                let signature = raw(self, Mechanism::Ecdsa, &digest)?;
                der::ecdsa_signature(&signature).map_err(untrue)
            }
            Some(Preferred::Sha256RsaPkcs) => raw(self, Mechanism::Sha256RsaPkcs, message),
            Some(Preferred::RsaPkcs) => {
                let info = der::digest_info(&digest).map_err(untrue)?;
                raw(self, Mechanism::RsaPkcs, &info)
            }
            None => Err(Fault::new(FaultKind::Unsupported)
                .with_detail("none of the profile's signature mechanisms is listed")),
        }
    }

    /// Writes the certificate beside its key: same `CKA_ID`, readable without login (D-35).
    pub(in crate::token) fn write_certificate(
        &mut self,
        id: &[u8],
        certificate: &CertificateObject,
    ) -> Result<(), Fault> {
        let CertificateObject {
            der,
            subject,
            issuer,
            serial,
        } = certificate;
        let template = [
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::CertificateType(CertificateType::X_509),
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Id(id.to_vec()),
            Attribute::Subject(subject.clone()),
            Attribute::Issuer(issuer.clone()),
            Attribute::SerialNumber(serial.clone()),
            Attribute::Value(der.clone()),
        ];
        self.with_session(|session| session.create_object(&template))
            .map(drop)
    }

    /// Writes those certificates of the chain that are not there yet.
    pub(in crate::token) fn write_chain(
        &mut self,
        chain: &[CertificateObject],
    ) -> Result<(), Fault> {
        for certificate in chain {
            // The ukey compares: what is read from it may be read wrong, and would be written twice.
            let template = [
                Attribute::Class(ObjectClass::CERTIFICATE),
                Attribute::Value(certificate.der.clone()),
            ];
            let present = self.with_session(|session| session.find_objects(&template))?;
            if present.is_empty() {
                let digest = Sha256::digest(&certificate.der);
                let id = digest.get(..16).unwrap_or(&digest);
                self.write_certificate(id, certificate)?;
            }
        }
        Ok(())
    }

    /// The certificates under this id.
    pub(in crate::token) fn read_certificates(&mut self, id: KeyId) -> Result<Vec<Vec<u8>>, Fault> {
        let certificates = self.certificates()?.into_iter();
        Ok(certificates
            .filter(|(at, _)| at == id.as_bytes())
            .map(|(_, der)| der)
            .collect())
    }

    /// Removes the certificates under this id, and tells how many there were.
    pub(in crate::token) fn clear_certificates(&mut self, id: KeyId) -> Result<u32, Fault> {
        self.destroy_class(ObjectClass::CERTIFICATE, id)
    }

    /// Destroys what stands under this id: the private key first, so that nothing signs with it any more,
    /// whatever comes after. Tells how many objects there were.
    pub(in crate::token) fn destroy_objects(&mut self, id: KeyId) -> Result<u32, Fault> {
        let mut destroyed = 0;
        for class in [
            ObjectClass::PRIVATE_KEY,
            ObjectClass::PUBLIC_KEY,
            ObjectClass::CERTIFICATE,
        ] {
            destroyed += self.destroy_class(class, id)?;
        }
        Ok(destroyed)
    }

    fn destroy_class(&mut self, class: ObjectClass, id: KeyId) -> Result<u32, Fault> {
        let template = [
            Attribute::Class(class),
            Attribute::Id(id.as_bytes().to_vec()),
        ];
        let handles = self.with_session(|session| session.find_objects(&template))?;
        let mut cleared = 0;
        for handle in handles {
            self.with_session(|session| session.destroy_object(handle))?;
            cleared += 1;
        }
        Ok(cleared)
    }

    /// Everything on the ukey that recovery asks about.
    pub(in crate::token) fn inventory(&mut self) -> Result<Inventory, Fault> {
        let mut inventory = Inventory {
            certificates: self.certificates()?,
            ..Inventory::default()
        };
        for handle in self.all(ObjectClass::PRIVATE_KEY)? {
            let id = self.id_of(handle)?;
            inventory.private_keys.push(id);
        }
        for handle in self.all(ObjectClass::PUBLIC_KEY)? {
            let id = self.id_of(handle)?;
            let key = match self.public_key(handle) {
                Ok(key) => Some(key),
                Err(fault) if fault.kind == FaultKind::Removed => return Err(fault),
                Err(_) => None,
            };
            inventory.public_keys.push((id, key));
        }
        Ok(inventory)
    }

    fn certificates(&mut self) -> Result<Vec<IdAndDer>, Fault> {
        let mut certificates = Vec::new();
        for handle in self.all(ObjectClass::CERTIFICATE)? {
            let types = [AttributeType::Id, AttributeType::Value];
            let attributes = self.with_session(|session| session.get_attributes(handle, &types))?;
            let mut found = (Vec::new(), Vec::new());
            for attribute in attributes {
                match attribute {
                    Attribute::Id(id) => found.0 = id,
                    Attribute::Value(der) => found.1 = der,
                    _ => {}
                }
            }
            certificates.push(found);
        }
        Ok(certificates)
    }

    fn all(&mut self, class: ObjectClass) -> Result<Vec<ObjectHandle>, Fault> {
        self.with_session(|session| session.find_objects(&[Attribute::Class(class)]))
    }

    fn id_of(&mut self, handle: ObjectHandle) -> Result<Vec<u8>, Fault> {
        let attributes =
            self.with_session(|session| session.get_attributes(handle, &[AttributeType::Id]))?;
        Ok(match attributes.into_iter().next() {
            Some(Attribute::Id(id)) => id,
            _ => Vec::new(),
        })
    }

    fn find_one(&mut self, class: ObjectClass, id: KeyId) -> Result<ObjectHandle, Fault> {
        let template = [
            Attribute::Class(class),
            Attribute::Id(id.as_bytes().to_vec()),
        ];
        let found = self.with_session(|session| session.find_objects(&template))?;
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(Fault::new(FaultKind::ObjectMissing).with_detail(class.to_string())),
            _ => Err(Fault::new(FaultKind::ObjectDuplicate).with_detail(class.to_string())),
        }
    }

    fn public_key(&mut self, handle: ObjectHandle) -> Result<PublicKeyDer, Fault> {
        let types = [
            AttributeType::KeyType,
            AttributeType::EcPoint,
            AttributeType::Modulus,
            AttributeType::PublicExponent,
        ];
        let attributes = self.with_session(|session| session.get_attributes(handle, &types))?;
        let (mut point, mut modulus, mut exponent) = (None, None, None);
        for attribute in attributes {
            match attribute {
                Attribute::EcPoint(bytes) => point = Some(bytes),
                Attribute::Modulus(bytes) => modulus = Some(bytes),
                Attribute::PublicExponent(bytes) => exponent = Some(bytes),
                _ => {}
            }
        }
        let spki = match (point, modulus, exponent) {
            (Some(point), None, None) => der::p256_public_key(&point),
            (_, Some(modulus), Some(exponent)) => der::rsa_public_key(&modulus, &exponent),
            _ => {
                return Err(Fault::new(FaultKind::WrongAnswer)
                    .with_detail("the public key object has neither a point nor a modulus"));
            }
        };
        spki.map(PublicKeyDer::new).map_err(|error| {
            Fault::new(FaultKind::WrongAnswer).with_detail(format!("public key: {error}"))
        })
    }

    fn key_attributes(&mut self, handle: ObjectHandle) -> Result<KeyAttributes, Fault> {
        let types = [
            AttributeType::KeyType,
            AttributeType::EcParams,
            AttributeType::Modulus,
            AttributeType::Token,
            AttributeType::Private,
            AttributeType::Sensitive,
            AttributeType::Extractable,
            AttributeType::Sign,
            AttributeType::Decrypt,
            AttributeType::Unwrap,
            AttributeType::Derive,
            AttributeType::SignRecover,
            AttributeType::Local,
            AttributeType::AlwaysSensitive,
            AttributeType::NeverExtractable,
        ];
        let answers = self.with_session(|session| session.get_attributes(handle, &types))?;
        let mut key = KeyAttributes {
            algorithm: None,
            token: None,
            private: None,
            sensitive: None,
            extractable: None,
            sign: None,
            decrypt: None,
            unwrap: None,
            derive: None,
            sign_recover: None,
            local: None,
            always_sensitive: None,
            never_extractable: None,
        };
        let (mut curve, mut modulus_len) = (None, None);
        for answer in answers {
            match answer {
                Attribute::EcParams(parameters) => curve = Some(parameters),
                Attribute::Modulus(modulus) => modulus_len = Some(modulus.len()),
                Attribute::Token(value) => key.token = Some(value),
                Attribute::Private(value) => key.private = Some(value),
                Attribute::Sensitive(value) => key.sensitive = Some(value),
                Attribute::Extractable(value) => key.extractable = Some(value),
                Attribute::Sign(value) => key.sign = Some(value),
                Attribute::Decrypt(value) => key.decrypt = Some(value),
                Attribute::Unwrap(value) => key.unwrap = Some(value),
                Attribute::Derive(value) => key.derive = Some(value),
                Attribute::SignRecover(value) => key.sign_recover = Some(value),
                Attribute::Local(value) => key.local = Some(value),
                Attribute::AlwaysSensitive(value) => key.always_sensitive = Some(value),
                Attribute::NeverExtractable(value) => key.never_extractable = Some(value),
                _ => {}
            }
        }
        key.algorithm = match (curve.as_deref(), modulus_len) {
            (Some(der::P256_PARAMETERS), None) => Some(KeyAlgorithm::EcP256),
            (None, Some(256)) => Some(KeyAlgorithm::Rsa2048),
            _ => None,
        };
        Ok(key)
    }
}
