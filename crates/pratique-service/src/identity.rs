//! Who is asking, and what they may do.
//!
//! A credential is an access key id and a secret. The pair signs requests to the AWS endpoints, and is user and password
//! for registries. A token stands for a credential for some hours: what `aws ecr get-login-password` prints, and what the
//! bearer flow of registries hands out.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use pratique_store::{
    Micros,
    credential::{Action, Credential, Grant},
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::{Service, ServiceError, names::wildcard, now, secrets};

/// How long a token of `GetAuthorizationToken` is good for, as ECR's: 12 hours.
pub const TOKEN_LIFETIME: Duration = Duration::from_hours(12);
/// The user that goes with a token as password, as ECR has it.
pub const TOKEN_USER: &str = "AWS";
/// How long what is known of a credential is believed without looking again.
const BELIEVED: Duration = Duration::from_secs(5);

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Access key id; `anonymous` and `system` for those without.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub grants: Vec<Grant>,
}

impl Caller {
    /// Somebody who said nothing of themselves.
    pub fn anonymous() -> Self {
        Self { id: "anonymous".into(), name: "anonymous".into(), grants: Vec::new() }
    }

    /// The server itself.
    pub fn system() -> Self {
        let everything = Grant { repositories: "*".into(), actions: vec![Action::Admin] };
        Self { id: "system".into(), name: "system".into(), grants: vec![everything] }
    }

    /// Whether nobody knows who it is.
    pub fn is_anonymous(&self) -> bool {
        self.grants.is_empty() && self.id == "anonymous"
    }

    /// Whether it may do `action` in `repository`.
    pub fn may(&self, action: Action, repository: &str) -> bool {
        self.grants.iter().any(|grant| {
            (grant.actions.contains(&action) || grant.actions.contains(&Action::Admin))
                && wildcard::fits(&grant.repositories, repository)
        })
    }

    /// Whether it may do everything everywhere.
    pub fn is_admin(&self) -> bool {
        self.grants.iter().any(|grant| grant.repositories == "*" && grant.actions.contains(&Action::Admin))
    }
}

/// A credential with its secret in the clear.
#[derive(Clone)]
pub(crate) struct Known {
    credential: Credential,
    secret: Vec<u8>,
}

/// Credentials that were looked up a moment ago.
#[derive(Default)]
pub(crate) struct Recent(Mutex<HashMap<String, (Instant, Option<Known>)>>);

/// What is remembered of a credential: that nobody looked it up, or what was found then.
enum Recently {
    NotLookedUp,
    Is(Option<Known>),
}

/// More than this are forgotten at once: strangers choose the names.
const RECENT: usize = 10_000;

impl Recent {
    fn get(&self, id: &str) -> Recently {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match recent.get(id).filter(|(since, _)| since.elapsed() < BELIEVED) {
            None => Recently::NotLookedUp,
            Some((_, known)) => Recently::Is(known.clone()),
        }
    }

    fn put(&self, id: &str, known: Option<Known>) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= RECENT {
            recent.clear();
        }
        recent.insert(id.to_owned(), (Instant::now(), known));
    }

    /// Everything is looked up anew: something has changed.
    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What a token says, in its own text.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    /// Access key id.
    sub: String,
    /// When it ends, in seconds since 1970.
    exp: i64,
}

/// A token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its text, which is as good as a password.
    pub text: String,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
}

/// An access key id and its secret.
#[derive(Clone)]
pub struct KeyPair {
    /// The id.
    pub id: String,
    /// The secret.
    pub secret: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair").field("id", &self.id).finish_non_exhaustive()
    }
}

impl KeyPair {
    /// A new one, of the shape that AWS tools expect.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> io::Result<Self> {
        let id = secrets::random_text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)?;
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        Ok(Self { id: format!("AKIA{id}"), secret: secrets::random_text(letters, 40)? })
    }
}

impl Service {
    /// Keeps a credential that may do what `grants` say.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be kept.
    pub async fn put_credential(
        &self,
        pair: &KeyPair,
        name: &str,
        grants: Vec<Grant>,
        expires_at: Option<Micros>,
    ) -> Result<(), ServiceError> {
        let secret = self.key().seal(&pair.id, pair.secret.as_bytes());
        let credential = Credential {
            id: pair.id.clone(),
            name: name.into(),
            secret: secret.map_err(|_| ServiceError::Broken("sealing a secret"))?,
            created_at: now(),
            expires_at,
            disabled: false,
            grants,
        };
        let mut session = self.store().write().await?;
        session.put_credential(&credential).await?;
        session.commit().await?;
        self.recent().forget();
        Ok(())
    }

    /// Makes sure that somebody may do everything: the pair that is given, or else, if nobody may come in at all, a new
    /// one, which is returned to be told once.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be kept.
    pub async fn ensure_admin(&self, given: Option<KeyPair>) -> Result<Option<KeyPair>, ServiceError> {
        let everything = || vec![Grant { repositories: "*".into(), actions: vec![Action::Admin] }];
        if let Some(pair) = given {
            self.put_credential(&pair, "admin", everything(), None).await?;
            return Ok(None);
        }
        if !self.store().read().await?.credentials().await?.is_empty() {
            return Ok(None);
        }
        let pair = KeyPair::generate().map_err(|_| ServiceError::Broken("making a credential"))?;
        self.put_credential(&pair, "admin", everything(), None).await?;
        Ok(Some(pair))
    }

    /// The credential of that id, if it is good now.
    async fn known(&self, id: &str) -> Result<Option<Known>, ServiceError> {
        let known = match self.recent().get(id) {
            Recently::Is(known) => known,
            Recently::NotLookedUp => {
                let credential = self.store().read().await?.credential(id).await?;
                let known = credential.and_then(|credential| {
                    let secret = self.key().open(id, &credential.secret)?;
                    Some(Known { credential, secret })
                });
                self.recent().put(id, known.clone());
                known
            }
        };
        Ok(known.filter(|known| {
            !known.credential.disabled && known.credential.expires_at.is_none_or(|end| end > now())
        }))
    }

    /// The secret and the caller of an access key id, for whoever checks a signature; `None` if it is not known or not
    /// good now.
    ///
    /// # Errors
    /// [`ServiceError`] when it cannot be looked up.
    pub async fn secret_of(&self, id: &str) -> Result<Option<(Vec<u8>, Caller)>, ServiceError> {
        Ok(self.known(id).await?.map(|known| (known.secret, caller(known.credential))))
    }

    /// Who sends this `Authorization` header: basic credentials (RFC 7617) or a bearer token (RFC 6750). None at all are
    /// nobody's.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] for credentials that are wrong.
    pub async fn authenticate_header(&self, header: Option<&str>) -> Result<Caller, ServiceError> {
        let Some(header) = header else { return Ok(Caller::anonymous()) };
        let malformed =
            || ServiceError::Unauthenticated("the Authorization header is neither Basic nor Bearer");
        let (scheme, rest) = header.split_once(' ').ok_or_else(malformed)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.authenticate_token(rest.trim()).await;
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(malformed());
        }
        let decoded = BASE64_STANDARD.decode(rest.trim()).map_err(|_| malformed())?;
        let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
        let (user, password) = decoded.split_once(':').ok_or_else(malformed)?;
        self.authenticate(user, password).await
    }

    /// Who has this user name and password: a pair, or [`TOKEN_USER`] with a token.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if nobody has.
    pub async fn authenticate(&self, user: &str, password: &str) -> Result<Caller, ServiceError> {
        if user == TOKEN_USER {
            return self.authenticate_token(password).await;
        }
        let wrong = ServiceError::Unauthenticated("the user or the password is wrong");
        let known = self.known(user).await?;
        // A comparison is made for unknown users too.
        let secret = known.as_ref().map_or(&b""[..], |known| &known.secret);
        let same = bool::from(secret.ct_eq(password.as_bytes()));
        match known {
            Some(known) if same => Ok(caller(known.credential)),
            _ => Err(wrong),
        }
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if it is nobody's, or over.
    pub async fn authenticate_token(&self, token: &str) -> Result<Caller, ServiceError> {
        let claims =
            self.claims(token).ok_or(ServiceError::Unauthenticated("the token is not one of ours"))?;
        let over = ServiceError::Unauthenticated("the token is over: log in again");
        if claims.exp <= now() / 1_000_000 {
            return Err(over);
        }
        self.known(&claims.sub).await?.map(|known| caller(known.credential)).ok_or(over)
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let (claims, mark) = token.strip_prefix("pt1.")?.split_once('.')?;
        let mark = BASE64_URL_SAFE_NO_PAD.decode(mark).ok()?;
        if !self.key().is_mark("tokens", claims, &mark) {
            return None;
        }
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// All credentials, without their secrets, for whoever may do everything.
    ///
    /// # Errors
    /// [`ServiceError::Denied`]
    pub async fn credentials(&self, caller: &Caller) -> Result<Vec<Credential>, ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        let mut credentials = self.store().read().await?.credentials().await?;
        for credential in &mut credentials {
            credential.secret.clear();
        }
        Ok(credentials)
    }

    /// Makes a credential: a robot account. Its secret is told this once.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for one that could do nothing, or is over already.
    pub async fn create_credential(
        &self,
        caller: &Caller,
        name: &str,
        grants: Vec<Grant>,
        expires_at: Option<Micros>,
    ) -> Result<KeyPair, ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) {
            return Err(ServiceError::Invalid(
                "a name has 1 to 64 letters, digits and `+=,.@_-`, as IAM's users have".into(),
            ));
        }
        if grants.iter().all(|grant| grant.actions.is_empty()) {
            return Err(ServiceError::Invalid("the credential could do nothing: grant it something".into()));
        }
        if expires_at.is_some_and(|end| end <= now()) {
            return Err(ServiceError::Invalid("the credential would be over already".into()));
        }
        let pair = KeyPair::generate().map_err(|_| ServiceError::Broken("making a credential"))?;
        let detail = serde_json::json!({ "name": name, "grants": grants }).to_string();
        self.put_credential(&pair, name, grants, expires_at).await?;
        let arn = format!("arn:aws:iam::{}:user/{name}", self.options().account);
        let mut session = self.store().write().await?;
        session.audit(&Self::entry(caller, "iam:CreateAccessKey", &arn, "allowed", &detail)).await?;
        session.commit().await?;
        Ok(pair)
    }

    /// Removes a credential; whoever has it is out at once.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for one's own, or one that is not there.
    pub async fn delete_credential(&self, caller: &Caller, id: &str) -> Result<(), ServiceError> {
        self.allow(caller, Action::Admin, "*").await?;
        if id == caller.id {
            return Err(ServiceError::Invalid("nobody removes the credential they come with".into()));
        }
        let mut session = self.store().write().await?;
        if !session.delete_credential(id).await? {
            return Err(ServiceError::Invalid(format!("there is no credential {id}")));
        }
        let arn = format!("arn:aws:iam::{}:access-key/{id}", self.options().account);
        session.audit(&Self::entry(caller, "iam:DeleteAccessKey", &arn, "allowed", "{}")).await?;
        session.commit().await?;
        self.recent().forget();
        Ok(())
    }

    /// A token that stands for `caller`.
    pub fn issue_token(&self, caller: &Caller, lifetime: Duration) -> Token {
        let expires = now() / 1_000_000 + lifetime.as_secs() as i64;
        let claims = Claims { sub: caller.id.clone(), exp: expires };
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default());
        let mark = BASE64_URL_SAFE_NO_PAD.encode(self.key().mark("tokens", &claims));
        Token { text: format!("pt1.{claims}.{mark}"), expires }
    }
}

fn caller(credential: Credential) -> Caller {
    Caller { id: credential.id, name: credential.name, grants: credential.grants }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_look_as_tools_expect() {
        let pair = KeyPair::generate().unwrap();
        assert_eq!((pair.id.len(), pair.secret.len()), (20, 40));
        assert!(!format!("{pair:?}").contains(&pair.secret));
    }
}
