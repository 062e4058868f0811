//! Dockerfiles and the rules they break, by hadolint's numbers where it has one.

use super::*;

fn rules(text: &str) -> Vec<(usize, &'static str)> {
    lint(text)
        .found
        .into_iter()
        .map(|m| match m.place {
            Place::Line(line) => (line, m.rule.id),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// The rules that `lines` break after a base that breaks none, counted from the line after it.
fn after_base(lines: &str) -> Vec<(usize, &'static str)> {
    let text = format!("FROM alpine:3.20@sha256:0\nUSER 1\nHEALTHCHECK NONE\n{lines}\n");
    rules(&text).into_iter().map(|(line, id)| (line - 3, id)).collect()
}

#[test]
fn a_good_file_breaks_nothing() {
    let good = "# syntax=docker/dockerfile:1\nARG TAG=22-slim@sha256:0\nFROM node:$TAG AS build\nWORKDIR /app\n\
        COPY package.json package-lock.json ./\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts\n\
        COPY . .\nRUN npm run build\nFROM node:$TAG\nWORKDIR /app\nCOPY --from=build --chown=node:node /app/dist ./dist\n\
        RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update \\\n && apt-get install -y --no-install-recommends curl=8.9.1-2\n\
        USER node\nEXPOSE 3000\nHEALTHCHECK CMD [\"node\", \"health.js\"]\nCMD [\"node\", \"dist/server.js\"]\n";
    assert_eq!(rules(good), []);
}

#[test]
fn bases() {
    assert_eq!(
        rules(
            "FROM debian\nFROM debian:latest\nFROM --platform=linux/amd64 debian:12\nFROM $X\nUSER 1\nHEALTHCHECK NONE"
        ),
        [(1, "PD101"), (2, "PD102"), (3, "PD103"), (3, "PD104")]
    );
    assert_eq!(
        rules(
            "FROM a:1@sha256:0 AS b\nFROM a:1@sha256:0 AS b\nCOPY --from=c /x /x\nFROM node:22@sha256:0 AS c\nUSER 1\nHEALTHCHECK NONE\nCOPY --from=2 /a /a"
        ),
        [(2, "PD105"), (3, "PD106"), (4, "PD108"), (7, "PD106")]
    );
}

#[test]
fn users_are_inherited_from_stages() {
    let file =
        |last: &str| format!("FROM a:1@sha256:0 AS base\nUSER app\nHEALTHCHECK NONE\nFROM base\n{last}");
    assert_eq!(rules(&file("")), []);
    assert_eq!(rules(&file("USER root\n")), [(5, "PD202")]);
    assert_eq!(rules("FROM a:1@sha256:0\nHEALTHCHECK NONE"), [(1, "PD201")]);
    assert_eq!(after_base("USER 0:0\nRUN x\nUSER 1000"), []);
    assert_eq!(
        after_base("RUN sudo chmod -R 777 /x \\\n && chmod u+s /y"),
        [(1, "PD203"), (1, "PD204"), (2, "PD204")]
    );
}

#[test]
fn secrets() {
    let token = ["gl", "pat-", "q9Zr2Lk0VbT7mXw4Hs8P"].concat();
    assert_eq!(
        after_base("ENV DB_PASSWORD=hunter2\nARG NPM_TOKEN\nENV TOKEN_FILE=/x"),
        [(1, "PD301"), (2, "PD301")]
    );
    assert_eq!(after_base(&format!("RUN true \\\n  && curl -H {token} x")), [(2, "PD302")]);
    assert_eq!(after_base(&format!("RUN <<EOF\ntrue\necho {token}\nEOF")), [(3, "PD302")]);
    assert_eq!(after_base("COPY .env id_rsa /app/"), [(1, "PD502"), (1, "PD502")]);
}

#[test]
fn downloads() {
    assert_eq!(after_base("ADD https://x.test/a.sh /a.sh"), [(1, "PD401")]);
    assert_eq!(
        after_base("ADD --checksum=sha256:0 https://x.test/a /a\nADD a.tar.gz /\nADD app /app"),
        [(3, "PD501")]
    );
    let piped = after_base("RUN set -o pipefail; curl -fsSL https://x.test | tee /x | bash -");
    assert_eq!(piped, [(1, "PD402")]);
    assert_eq!(
        after_base(
            "RUN curl -k https://x.test -o x\nRUN pip install --no-cache-dir --trusted-host x flask==1\nENV NODE_TLS_REJECT_UNAUTHORIZED=0"
        ),
        [(1, "PD403"), (2, "PD403"), (3, "PD403")]
    );
}

#[test]
fn distribution_packages() {
    assert_eq!(after_base("RUN apt-get update"), [(1, "PD601"), (1, "PD604")]);
    assert_eq!(
        after_base("RUN apt-get update && apt install curl && rm -rf /var/lib/apt/lists/*"),
        [(1, "PD602"), (1, "PD603"), (1, "PD606"), (1, "PD607")]
    );
    assert_eq!(after_base("RUN apk add curl"), [(1, "PD608"), (1, "PD609")]);
    assert_eq!(after_base("RUN apk add --no-cache -t .build curl=8.9.1-r0"), []);
    assert_eq!(after_base("RUN dnf install httpd"), [(1, "PD607"), (1, "PD610"), (1, "PD611")]);
    assert_eq!(after_base("RUN dnf install -y httpd-2.4 && dnf clean all"), []);
    assert_eq!(
        after_base("RUN apt-get dist-upgrade -y\nRUN apk upgrade --no-cache"),
        [(1, "PD605"), (2, "PD605")]
    );
}

#[test]
fn language_packages() {
    assert_eq!(after_base("RUN npm install"), [(1, "PD701"), (1, "PD702")]);
    assert_eq!(after_base("RUN npm i -g --ignore-scripts typescript @babel/core@7.1.0"), [(1, "PD703")]);
    assert_eq!(after_base("RUN python3 -m pip install flask requests==2.1"), [(1, "PD704"), (1, "PD705")]);
    assert_eq!(after_base("RUN pip install --no-cache-dir -r requirements.txt"), []);
    assert_eq!(
        after_base("RUN gem install rake\nRUN go install x.test/y@latest\nRUN go install x.test/y@v1"),
        [(1, "PD707"), (2, "PD707")]
    );
}

#[test]
fn shells_and_running() {
    assert_eq!(
        after_base("RUN ls | wc -l\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN ls | wc -l"),
        [(1, "PD801")]
    );
    assert_eq!(
        after_base("RUN cd /x && make\nRUN [\"sh\", \"-c\", \"service x start\"]"),
        [(1, "PD802"), (2, "PD803")]
    );
    assert_eq!(
        after_base(
            "CMD node x\nCMD [\"a\"]\nEXPOSE 22 99999\nMAINTAINER me\nENV A=1 B=$A\nWORKDIR x\nENV PATH=$PATH:/x"
        ),
        [(1, "PD903"), (2, "PD902"), (3, "PD904"), (3, "PD905"), (4, "PD906"), (5, "PD907"), (6, "PD505")]
    );
    assert_eq!(
        after_base("BOGUS\nONBUILD FROM x\nRUN --security=insecure x"),
        [(1, "PD001"), (2, "PD003"), (3, "PD205")]
    );
    assert_eq!(rules("RUN x"), [(1, "PD002")]);
}

#[test]
fn comments_take_rules_back() {
    let with = |comment: &str| after_base(&format!("{comment}\nRUN true && \\\n apk add curl")).len();
    assert_eq!(with("# nothing"), 2);
    assert_eq!(with("# pratique:ignore=PD608"), 1);
    assert_eq!(with("# hadolint ignore=DL3018,DL3019"), 0);
    assert_eq!(with("# pratique:ignore=PD608, PD609 because we say so"), 0);
    assert_eq!(lint("# hadolint global ignore=DL3018\nFROM a:1@sha256:0\nRUN apk add --no-cache x\nUSER 1\nHEALTHCHECK NONE").ignored, 1);
}

/// What hadolint's sample results (DefectDojo's Dockerfiles) report, on instructions that make it say so: its number and
/// the rule of ours that carries it.
#[test]
fn what_hadolint_reports_is_reported() {
    let file = "FROM nginx\nUSER root\nRUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n\
        RUN pip3 install wheel\nRUN cd /app && yarn\nRUN cat x | sh\nUSER root\n";
    let found = lint(file).found;
    for (line, number) in [
        (1, "DL3006"),
        (3, "DL3008"),
        (3, "DL3015"),
        (4, "DL3013"),
        (5, "DL3003"),
        (6, "DL4006"),
        (7, "DL3002"),
    ] {
        assert!(
            found.iter().any(|m| m.rule.is_called(number) && m.place == Place::Line(line)),
            "{number} on line {line}"
        );
    }
}
