use modelwatch_testkit::{http_request, inbox};

#[test]
fn what_was_answered_has_arrived() {
    let (address, arrived) = inbox(|_| "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    for number in 0..500 {
        let path = format!("/{number}");
        let answered = http_request(address, "POST", &path, &[], b"{}").unwrap();
        assert_eq!(answered.status, 204);
        assert_eq!(arrived.try_recv().map(|posted| posted.path), Ok(path));
    }
}
