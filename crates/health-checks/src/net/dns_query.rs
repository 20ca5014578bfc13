//! One DNS question, and what a message says to it. Pure; sending is in `dns_transport`.

use domain::base::iana::Rcode;
use domain::base::name::ParsedName;
use domain::base::wire::ParseError;
use domain::base::{Message, MessageBuilder, Name};
use domain::rdata::AllRecordData;
use thiserror::Error;

use super::dns_record::DnsRecord;

type Data<'a> = AllRecordData<&'a [u8], ParsedName<&'a [u8]>>;

/// A question as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Query {
    message: Message<Vec<u8>>,
    record: DnsRecord,
}

/// What a message is to the question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The records of the type that was asked for, as in a zone file.
    Answers(Vec<String>),
    /// The server says no.
    Refusal(Rcode),
    /// The rest of it comes by TCP only.
    Truncated,
    /// Another question's answer, or noise.
    NotOurs,
}

/// The message answers the question, and cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the answer cannot be read")]
pub(super) struct Unreadable(#[from] ParseError);

impl Query {
    /// Asks for the `record`s of `name`; `None` if DNS cannot hold the name.
    pub(super) fn new(name: &str, record: DnsRecord) -> Option<Self> {
        let name: Name<Vec<u8>> = name.parse().ok()?;
        let mut builder = MessageBuilder::new_vec();
        builder.header_mut().set_rd(true);
        let mut questions = builder.question();
        questions.push((name, record.rtype())).ok()?;
        let message = questions.into_message();
        Some(Self { message, record })
    }

    /// The number by which its answer is known.
    pub(super) fn set_id(&mut self, id: u16) {
        self.message.header_mut().set_id(id);
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.message.as_slice()
    }

    /// What `octets` say to it.
    pub(super) fn read(&self, octets: &[u8]) -> Result<Reply, Unreadable> {
        let Ok(message) = Message::from_octets(octets) else {
            return Ok(Reply::NotOurs);
        };
        let header = message.header();
        // A server that could not even read the question does not repeat it.
        let bare_refusal = header.qr()
            && header.id() == self.message.header().id()
            && header.rcode() != Rcode::NOERROR
            && message.header_counts().qdcount() == 0;
        if !bare_refusal && !message.is_answer(&self.message.for_slice_ref()) {
            return Ok(Reply::NotOurs);
        }
        if header.rcode() != Rcode::NOERROR {
            return Ok(Reply::Refusal(header.rcode()));
        }
        if header.tc() {
            return Ok(Reply::Truncated);
        }
        let mut answers = Vec::new();
        for record in message.answer()?.limit_to::<Data<'_>>() {
            let record = record?;
            if record.rtype() == self.record.rtype() {
                answers.push(record.data().to_string());
            }
        }
        Ok(Reply::Answers(answers))
    }
}

/// What a refusal means, for people.
pub(super) fn words(code: Rcode) -> String {
    match code {
        Rcode::NXDOMAIN => "the name does not exist; correct it, or its zone".into(),
        Rcode::SERVFAIL => "the server failed (SERVFAIL); look at its log and its upstream".into(),
        Rcode::REFUSED => "the server refuses to answer; allow this machine to ask it".into(),
        other => format!("the server answers {other}; look at its log"),
    }
}

#[cfg(test)]
mod tests {
    use domain::base::Ttl;
    use domain::rdata::{A, Cname, Txt};

    use super::*;

    type Answers = domain::base::message_builder::AnswerBuilder<Vec<u8>>;

    fn query() -> Query {
        let mut query = Query::new("db.example", DnsRecord::A).unwrap();
        query.set_id(7);
        query
    }

    fn reply(code: Rcode, change: impl FnOnce(&mut Answers)) -> Vec<u8> {
        let mut answers = MessageBuilder::new_vec()
            .start_answer(&query().message, code)
            .unwrap();
        change(&mut answers);
        answers.finish()
    }

    fn name(text: &str) -> Name<Vec<u8>> {
        text.parse().unwrap()
    }

    #[test]
    fn replies() {
        let address = |answers: &mut Answers, last| {
            answers
                .push((
                    name("real.example"),
                    Ttl::MAX,
                    A::from_octets(10, 0, 0, last),
                ))
                .unwrap();
        };
        let alias = (
            name("db.example"),
            Ttl::MAX,
            Cname::new(name("real.example")),
        );
        let no_question = |code: u8| vec![0, 7, 0x80, code, 0, 0, 0, 0, 0, 0, 0, 0];
        for (octets, expected) in [
            (reply(Rcode::NOERROR, |_| {}), Reply::Answers(vec![])),
            (
                reply(Rcode::NOERROR, |answers| {
                    answers.push(alias).unwrap();
                    address(answers, 1);
                    address(answers, 2);
                }),
                Reply::Answers(vec!["10.0.0.1".into(), "10.0.0.2".into()]),
            ),
            (
                reply(Rcode::NXDOMAIN, |_| {}),
                Reply::Refusal(Rcode::NXDOMAIN),
            ),
            (
                reply(Rcode::SERVFAIL, |_| {}),
                Reply::Refusal(Rcode::SERVFAIL),
            ),
            (
                reply(Rcode::NOERROR, |answers| answers.header_mut().set_tc(true)),
                Reply::Truncated,
            ),
            (
                reply(Rcode::NOERROR, |answers| answers.header_mut().set_id(8)),
                Reply::NotOurs,
            ),
            (
                reply(Rcode::NOERROR, |answers| answers.header_mut().set_qr(false)),
                Reply::NotOurs,
            ),
            (no_question(1), Reply::Refusal(Rcode::FORMERR)),
            (no_question(0), Reply::NotOurs),
            (vec![], Reply::NotOurs),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Reply::NotOurs),
        ] {
            assert_eq!(query().read(&octets), Ok(expected));
        }
    }

    #[test]
    fn an_answer_that_ends_early_is_no_answer() {
        let whole = reply(Rcode::NOERROR, |answers| {
            let text = Txt::<Vec<u8>>::build_from_slice(b"x").unwrap();
            answers.push((name("db.example"), Ttl::MAX, text)).unwrap();
        });
        for length in 0..whole.len() {
            let read = query().read(&whole[..length]);
            assert!(
                matches!(read, Ok(Reply::NotOurs) | Err(_)),
                "{length}: {read:?}"
            );
        }
    }

    #[test]
    fn noise_is_survived() {
        let whole = reply(Rcode::NOERROR, |answers| {
            let address = A::from_octets(10, 0, 0, 1);
            answers
                .push((name("db.example"), Ttl::MAX, address))
                .unwrap();
        });
        for at in 0..whole.len() {
            for value in 0..=u8::MAX {
                let mut octets = whole.clone();
                octets[at] = value;
                let _ = query().read(&octets);
            }
        }
    }
}
