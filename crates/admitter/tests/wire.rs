//! A request goes over the wire as it is, and no hint that means nothing arrives.

use admitter::prelude::*;
use admitter::wire::{self, HEADER_BYTES};

fn request() -> Request {
    Request {
        priority: -2,
        prompt_tokens: 700,
        client: 0xDEAD_BEEF,
        max_output_tokens: Some(4096),
        predicted_output_tokens: Some(123.5),
        now_us: 31_234_567,
    }
}

fn question(request: &Request) -> Vec<u8> {
    let mut question = Vec::new();
    wire::ask(request, &[], &wire::draw(7), |piece| question.extend_from_slice(piece));
    question
}

#[test]
fn a_request_is_read_as_it_was_asked() {
    for max_output_tokens in [None, Some(0), Some(1), Some(u32::MAX)] {
        for predicted_output_tokens in [None, Some(f64::MIN_POSITIVE), Some(0.5), Some(f64::MAX)] {
            let asked = Request { max_output_tokens, predicted_output_tokens, ..request() };
            let question = question(&asked);
            assert_eq!(question.len(), HEADER_BYTES);
            assert_eq!(wire::read_request(&question), Some((asked, 7)));
        }
    }
    let whole = question(&request());
    for short in 0..HEADER_BYTES {
        assert_eq!(wire::read_request(&whole[..short]), None, "{short} bytes");
    }
}

/// Answers by what it sees of the prediction.
struct Watcher;

impl Admitter for Watcher {
    fn new(_: &[f64]) -> Self {
        Watcher
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        Decision::reject_if(request.predicted_output_tokens.is_some())
    }
}

#[test]
fn a_prediction_that_is_no_positive_number_never_reaches_a_candidate() {
    let mut seat = wire::Seat::<Watcher>::start(&[]);
    for nothing in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, -3.0] {
        let asked = Request { predicted_output_tokens: Some(nothing), ..request() };
        assert_eq!(seat.answer(&question(&asked)), [wire::ADMIT], "{nothing}, asked as it is");
        // And whoever writes the bytes by hand: the prediction stands after priority, prompt, client and limit.
        let mut forged = question(&request());
        forged[20..28].copy_from_slice(&nothing.to_le_bytes());
        assert_eq!(seat.answer(&forged), [wire::ADMIT], "{nothing}, forged");
    }
    assert_eq!(seat.answer(&question(&request())), [wire::REJECT], "one that means something does");
}

#[test]
fn a_limit_that_is_no_length_is_none() {
    for beyond in [-1, i64::MIN, i64::from(u32::MAX) + 1, i64::MAX] {
        let mut forged = question(&request());
        forged[12..20].copy_from_slice(&beyond.to_le_bytes());
        assert_eq!(wire::read_request(&forged).unwrap().0.max_output_tokens, None, "{beyond}");
    }
}
