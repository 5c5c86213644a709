//! What programs of clusters print.

use conda_torch_core::report::probe::{document, node_line};

use super::{classes, damage, lines, plan, plan_in_parts};
use crate::common::machine;

const A100: &str = "NVIDIA A100-SXM4-40GB (8.0), linux-64, glibc 2.28, driver 470.256.02";
const V100: &str = "Tesla V100-SXM2-16GB (7.0), linux-64, glibc 2.35, driver 580.65.06";

/// Two kinds of nodes.
fn two() -> (String, String) {
    (node_line("a1", &machine("a100-driver-470")), node_line("v1", &machine("v100-driver-580")))
}

#[test]
fn lines_with_the_name_of_the_host_before_them() {
    let (a, v) = two();
    let (a, v) = (a.trim_end(), v.trim_end());
    // pdsh and clush; ansible -o; srun --label. The name in the object counts.
    for text in [
        format!("x1: {a}\nx2: {v}\n"),
        format!("x1 | CHANGED | rc=0 | (stdout) {a}\nx2 | SUCCESS => {v}\n"),
        format!("0: {a}\n1: {v}\n"),
        format!("{a}\r\n\r\n{v}"),
        format!("\u{feff}{a}\n{v}"),
        format!("[{a},\n{v}]\n"),
        format!("{{\"items\":[{a},{v}]}}\n"),
    ] {
        let plan = plan(&text);
        assert_eq!(classes(&plan), [format!("a1: {A100}"), format!("v1: {V100}")], "{text}");
        assert_eq!(damage(&plan), [""; 0]);
    }
}

#[test]
fn documents_over_several_lines_get_the_name_of_their_host() {
    let pretty = |name: &str| document(&machine(name));
    let (a, v) = (pretty("a100-driver-470"), pretty("v100-driver-580"));
    let prefixed = |host: &str, text: &str| -> Vec<String> {
        text.lines().map(|line| format!("{host}: {line}\n")).collect()
    };
    let mixed: String =
        prefixed("n1", &a).into_iter().zip(prefixed("n2", &v)).flat_map(|(a, v)| [a, v]).collect();
    let rest: String = prefixed("n2", &v)
        .into_iter()
        .skip(a.lines().count())
        .chain(prefixed("n1", &a).into_iter().skip(v.lines().count()))
        .collect();
    for text in [
        // pdsh, whose lines come as the hosts print them.
        format!("{mixed}{rest}"),
        // clush -b and dshbak -c; ansible without -o.
        format!(
            "---------------\nn1\n---------------\n{a}---------------\nn2\n---------------\n{v}"
        ),
        format!("n1 | CHANGED | rc=0 >>\n{a}\nn2 | CHANGED | rc=0 >>\n{v}"),
        format!("n1 | SUCCESS => {a}n2 | SUCCESS => {v}"),
    ] {
        let plan = plan(&text);
        assert_eq!(classes(&plan), [format!("n1: {A100}"), format!("n2: {V100}")], "{text}");
        assert_eq!(damage(&plan), [""; 0]);
    }
    let gathered = format!("---------------\ngpu[01-03] (3)\n---------------\n{a}");
    assert_eq!(classes(&plan(&gathered)), [format!("gpu[01-03]: {A100}")]);
}

#[test]
fn nodes_of_kubernetes_with_the_labels_of_gpu_feature_discovery() {
    let node = |name: &str, labels: &str| {
        format!(
            r#"{{"apiVersion": "v1", "kind": "Node", "metadata": {{"labels": {{"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux"{labels}}}, "name": "{name}", "uid": "0c3f"}},
            "status": {{"images": [{{"names": ["x"]}}], "nodeInfo": {{"architecture": "amd64", "operatingSystem": "linux", "osImage": "Ubuntu 22.04.4 LTS"}}}}}}"#
        )
    };
    let h100 = r#", "nvidia.com/cuda.driver-version.full": "550.54.15", "nvidia.com/cuda.runtime-version.full": "12.4",
        "nvidia.com/gpu.compute.major": "9", "nvidia.com/gpu.compute.minor": "0", "nvidia.com/gpu.count": "8",
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.present": "true""#;
    let nodes = [node("gke-1", h100), node("gke-2", h100), node("web-1", "")].join(",\n");
    let list = format!(
        "{{\n\"apiVersion\": \"v1\",\n\"items\": [\n{nodes}\n],\n\"kind\": \"List\",\n\"metadata\": {{\"resourceVersion\": \"\"}}\n}}\n"
    );
    let expected = [
        "gke-[1-2]: 8 x NVIDIA H100 80GB HBM3 (9.0), linux-64, glibc 2.28, driver 550.54.15",
        "web-1: no GPU, linux-64, glibc 2.28",
    ];
    // As it is printed, and on one line.
    for text in [&list, &format!("{}\n", list.replace('\n', " "))] {
        let plan = plan(text);
        assert_eq!(classes(&plan), expected, "{text}");
        assert_eq!(damage(&plan), [""; 0]);
        assert_eq!(plan.environments.len(), 1);
    }
}

/// `kubectl get nodes --show-labels`, and `kubectl get nodes -o json | jq '.items[].metadata.labels'`.
#[test]
fn labels_of_kubernetes_alone() {
    let table = "NAME    STATUS   ROLES           AGE    VERSION   LABELS\n\
        gke-1   Ready    <none>          41d    v1.31.2   beta.kubernetes.io/arch=amd64,kubernetes.io/arch=amd64,kubernetes.io/hostname=gke-1,kubernetes.io/os=linux,nvidia.com/gpu.product=NVIDIA-L4,nvidia.com/gpu.count=2,nvidia.com/cuda.driver-version.full=550.90.07\n\
        web-1   Ready    control-plane   41d    v1.31.2   kubernetes.io/arch=arm64,kubernetes.io/hostname=web-1,kubernetes.io/os=linux,node-role.kubernetes.io/control-plane=\n";
    let expected = [
        "gke-1: 2 x NVIDIA L4 (8.9), linux-64, glibc 2.28, driver 550.90.07",
        "web-1: no GPU, linux-aarch64, glibc 2.28",
    ];
    let labels = "{\n  \"kubernetes.io/arch\": \"amd64\",\n  \"kubernetes.io/hostname\": \"gke-1\",\n  \"nvidia.com/gpu.product\": \"NVIDIA-L4\",\n  \"nvidia.com/gpu.count\": \"2\",\n  \"nvidia.com/cuda.driver-version.full\": \"550.90.07\"\n}\n{\n  \"kubernetes.io/arch\": \"arm64\",\n  \"kubernetes.io/hostname\": \"web-1\",\n  \"kubernetes.io/os\": \"linux\"\n}\n";
    for text in [table, labels] {
        let plan = plan(text);
        assert_eq!((classes(&plan), plan.damaged), (expected.map(str::to_owned).to_vec(), 0));
    }
}

#[test]
fn nodes_of_slurm() {
    let block = |name: &str, gres: &str| {
        format!(
            "NodeName={name} Arch=x86_64 CoresPerSocket=32 \n   AvailableFeatures=(null)\n   Gres={gres}\n   NodeAddr={name} NodeHostName={name} Version=22.05.8\n   OS=Linux 5.14.0-427.el9.x86_64 #1 SMP \n   State=IDLE\n\n"
        )
    };
    let blocks =
        [block("g1", "gpu:a100:4(S:0-1)"), block("g2", "gpu:a100:4"), block("c1", "(null)")];
    let one_line = |it: &String| it.replace("\n   ", " ").replace("\n\n", "\n");
    let expected = [
        "g[1-2]: 4 x a100 (8.0), linux-64, glibc 2.34, unknown driver",
        "c1: no GPU, linux-64, glibc 2.34",
    ];
    for text in [blocks.concat(), blocks.iter().map(one_line).collect()] {
        assert_eq!(classes(&plan(&text)), expected, "{text}");
    }
    let tables = [
        "NODELIST GRES AVAIL_FEATURES\ng[1-2] gpu:a100:4(S:0-1) ib\nc1 (null) (null)\n",
        "HOSTNAMES|AVAIL_FEATURES|GRES\ng1|ib|gpu:a100:4\ng2|ib|gpu:a100:4\nc1|(null)|(null)\n",
    ];
    for text in tables {
        let plan = plan(text);
        assert_eq!(
            classes(&plan),
            [
                "g[1-2]: 4 x a100 (8.0), linux-64, glibc 2.28, unknown driver",
                "c1: no GPU, linux-64, glibc 2.28"
            ],
            "{text}"
        );
        assert_eq!(damage(&plan), [""; 0]);
    }
    let json = r#"{"meta": {"slurm": {}}, "nodes": [
        {"architecture": "x86_64", "name": "g1", "features": ["ib"], "gres": "gpu:a100:4(S:0-1)", "operating_system": "Linux 5.14.0-427.el9.x86_64"},
        {"architecture": "x86_64", "name": "g2", "features": "", "gres": "gpu:a100:4", "operating_system": "Linux 5.14.0-427.el9.x86_64"}
    ], "errors": []}"#;
    assert_eq!(classes(&plan(json)), [expected[0]]);
}

#[test]
fn machines_of_htcondor() {
    let ad = |slot: &str, machine: &str, kind: &str, gpus: &str| {
        format!(
            r#"{{"MyType": "Machine", "Name": "{slot}@{machine}", "Machine": "{machine}", "SlotType": "{kind}", "Arch": "X86_64", "OpSys": "LINUX", "OpSysAndVer": "AlmaLinux9", "OpSysLongName": "AlmaLinux release 9.4 (Seafoam Ocelot)"{gpus}}}"#
        )
    };
    let new = r#", "DetectedGPUs": "GPU-c4a646d7, GPU-6a96bd13", "TotalGPUs": 2, "GPUs_Capability": 8.0, "GPUs_DeviceName": "NVIDIA A100-SXM4-80GB", "GPUs_DriverVersion": 12.4, "GPUs_GPU_c4a646d7": {"Id": "GPU-c4a646d7", "DevicePciId": "0000:C1:00.0"}"#;
    let old = r#", "TotalGPUs": 1, "CUDACapability": 6.1, "CUDADeviceName": "NVIDIA GeForce GTX 1080 Ti", "CUDADriverVersion": 12.0"#;
    let ads = [
        ad("slot1", "e1.org", "Partitionable", new),
        // A dynamic slot is a part of the machine.
        ad("slot1_1", "e1.org", "Dynamic", old),
        ad("slot1", "e2.org", "Static", old),
        ad("slot2", "e2.org", "Static", old),
        ad("slot1", "e3.org", "Partitionable", ""),
    ];
    let text = format!("[\n{}\n]\n", ads.join("\n,\n"));
    let plan = plan(&text);
    assert_eq!(
        classes(&plan),
        [
            "e1.org: 2 x NVIDIA A100-SXM4-80GB (8.0), linux-64, glibc 2.34, unknown driver",
            "e2.org: NVIDIA GeForce GTX 1080 Ti (6.1), linux-64, glibc 2.34, unknown driver",
            "e3.org: no GPU, linux-64, glibc 2.34",
        ]
    );
    assert_eq!((plan.nodes, plan.damaged), (3, 0));
}

#[test]
fn facts_of_ansible() {
    let line = node_line("own", &machine("v100-driver-580"));
    let facts = format!(
        "{{\n    \"ansible_facts\": {{\n \"ansible_architecture\": \"x86_64\", \"ansible_distribution\": \"Rocky\", \"ansible_distribution_version\": \"9.4\",\n \"ansible_nodename\": \"own\", \"ansible_local\": {{\"conda_torch\": {} }} }},\n    \"changed\": false\n}}\n",
        line.trim()
    );
    assert_eq!(classes(&plan(&format!("node7 | SUCCESS => {facts}"))), [format!("node7: {V100}")]);
    // `--tree` writes a file a host.
    assert_eq!(classes(&plan(&facts)), [format!("own: {V100}")]);
    let bare = r#"{"ansible_facts": {"ansible_architecture": "aarch64", "ansible_distribution": "Ubuntu", "ansible_distribution_version": "22.04", "ansible_hostname": "arm1"}}"#;
    assert_eq!(
        classes(&plan(bare)),
        ["arm1: unknown GPUs, linux-aarch64, glibc 2.35, unknown driver"]
    );
    let failed = "gone1 | UNREACHABLE! => {\n    \"changed\": false,\n    \"msg\": \"Failed to connect\",\n    \"unreachable\": true\n}\n";
    let plan = plan(&format!("{failed}node7 | SUCCESS => {facts}"));
    assert_eq!(classes(&plan), [format!("node7: {V100}")]);
    assert_eq!(damage(&plan), ["1 gone1: the node did not answer: UNREACHABLE!"]);
    assert_eq!(plan.missing.to_string(), "gone1");
}

#[test]
fn a_document_about_one_machine_is_a_node() {
    let text = "name, driver_version, compute_cap\nNVIDIA GeForce RTX 4090, 580.65.06, 8.9\n";
    let mut collector = conda_torch_core::fleet::Collector::new(crate::common::matrix());
    for file in ["n1", "n2"] {
        collector.begin(Some(file));
        collector.feed(text.as_bytes());
        collector.end(Some(file));
    }
    let plan = collector.plan(
        &conda_torch_core::Request::default(),
        conda_torch_core::fleet::EnvironmentCount::Fewest,
    );
    assert_eq!(
        classes(&plan),
        ["n[1-2]: NVIDIA GeForce RTX 4090 (8.9), linux-64, glibc 2.28, driver 580.65.06"]
    );
}

#[test]
fn damaged_lines_are_named_and_the_rest_is_read() {
    let (a, v) = two();
    let cut = &a[..a.len() / 2];
    let other = v.replace("\"format_version\":1", "\"format_version\":2").replace("v1", "v2");
    let bad = v.replace("\"linux-64\"", "\"linux-65\"").replace("v1", "v3");
    let named = v.replace("\"v1\"", "\"v1; rm -rf /\"");
    let text = format!(
        "Last login: today\n{a}{cut}\n{cut}{v}{other}{bad}{named}{{}}\nx9: bash: conda-torch: command not found\nsrun: error: x8: task 3: Killed\n{v}"
    );
    let plan = plan(&text);
    assert_eq!(classes(&plan), [format!("a1: {A100}"), format!("v1: {V100}")]);
    let found = damage(&plan);
    let expected = [
        "1 : not recognized as a description of a node",
        "3 a1: the JSON is cut off",
        "4 a1: not JSON",
        "5 v2: `format_version` is 2; this program reads 1",
        "6 v3: ",
        "7 : `\"v1; rm -rf /\"` is not the name of a node",
        "8 : not recognized as a description of a node",
        "9 x9: not recognized as a description of a node",
        "10 x8: the node did not answer: task 3: Killed",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    assert_eq!(plan.missing.to_string(), "v[2-3],x[8-9]");
    assert_eq!((plan.damaged, plan.exit_code()), (9, 4));
}

#[test]
fn a_document_that_ends_early_does_not_take_the_next_with_it() {
    let a = document(&machine("a100-driver-470"));
    let (_, v) = two();
    let cut: String = a.split_inclusive('\n').take(20).collect();
    let plan = plan(&format!("{cut}{v}{cut}"));
    assert_eq!(classes(&plan), [format!("v1: {V100}")]);
    assert_eq!(damage(&plan), ["1 : the JSON is cut off", "22 : the JSON is cut off"]);
}

#[test]
fn the_last_of_several_answers_counts() {
    let text = lines(&[
        ("n[1-3]", "a100-driver-470"),
        ("n2", "a100-driver-470"),
        ("n3", "v100-driver-580"),
    ]);
    let plan = plan(&text);
    assert_eq!(classes(&plan), [format!("n[1-2]: {A100}"), format!("n3: {V100}")]);
    assert_eq!((plan.nodes, plan.exit_code()), (3, 0));
    assert_eq!(plan.repeated.to_string(), "n[2-3]");
    assert_eq!(plan.contradicted.to_string(), "n3");
}

#[test]
fn keys_in_another_order_and_unknown_keys_make_no_difference() {
    let (a, _) = two();
    let value: serde_json::Value = serde_json::from_str(&a).expect("JSON");
    let facts = &value["facts"];
    let text = format!(
        "{{\"facts\": {facts}, \"node\": \"a2\", \"format_version\": 1, \"uptime\": 17}}\n{{\"uptime\": 18, \"facts\":{facts},\"node\":\"\\u00613\"}}\n{a}"
    );
    assert_eq!(classes(&plan(&text)), [format!("a[1-3]: {A100}")]);
    let twice = a.replacen("\"node\":\"a1\"", "\"node\":\"a1\",\"node\":\"a4\"", 1);
    let plan = plan(&format!("{a}{twice}"));
    assert_eq!(classes(&plan), [format!("a1: {A100}")]);
    assert!(damage(&plan)[0].contains("duplicate field"), "{:?}", plan.damage);
}

/// Free memory, temperatures, times and paths differ on every node; the driver and the GPUs still count.
#[test]
fn what_decides_nothing_may_differ_on_every_node() {
    let (a, v) = two();
    let (a, v) = (a.trim_end(), v.trim_end());
    let with = |line: &str, name: &str, more: &str| {
        let line = line.replacen("\"a1\"", &format!("\"{name}\""), 1);
        let line = line.replacen("\"v1\"", &format!("\"{name}\""), 1);
        format!("{},{more}}}\n", line.strip_suffix('}').expect("an object"))
    };
    let mut text = String::new();
    for at in 0..40 {
        let more = format!(
            r#""free_mib":{},"celsius":-{at}.5e1,"time":"2026-11-28T10:{at}:00Z","path":"C:\\x\u00e9\{at}","up":{},"load":[{}]"#,
            at * 77,
            at % 2 == 0,
            vec!["0.5"; at % 5].join(",")
        )
        .replace(&format!("\\{at}\""), &format!("{at}\""));
        text += &with(if at % 2 == 0 { a } else { v }, &format!("n{at}"), &more);
    }
    let in_facts = |line: &str, name: &str, more: &str| {
        let line = line.replacen("\"v1\"", &format!("\"{name}\""), 1);
        line.replacen("\"facts\":{", &format!("\"facts\":{{{more},"), 1) + "\n"
    };
    text += &in_facts(v, "n40", r#""free":5"#);
    text += &in_facts(v, "n41", r#""free":6"#);
    // The same text with another driver.
    text += &in_facts(v, "n42", r#""free":6"#).replace("580.65.06", "550.54.15");
    text += &with(a, "n43", r#""free_mib":1"#).replace("470.256.02", "450.80.02");
    // A value that is no JSON is damage, also where it decides nothing.
    text += &with(a, "n44", r#""free_mib":0x11"#);
    let plan = plan(&text);
    let even: Vec<String> = (0..40).step_by(2).map(|at| at.to_string()).collect();
    let odd: Vec<String> = (1..40).step_by(2).map(|at| at.to_string()).collect();
    let v_550 = V100.replace("580.65.06", "550.54.15");
    let a_450 = A100.replace("470.256.02", "450.80.02");
    let mut found = classes(&plan);
    found.sort();
    let mut expected = [
        format!("n[{}]: {A100}", even.join(",")),
        format!("n[{},40-41]: {V100}", odd[..19].join(",") + ",39").replace("39,40-41", "39-41"),
        format!("n42: {v_550}"),
        format!("n43: {a_450}"),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(plan.damage.len(), 1);
    assert!(damage(&plan)[0].starts_with("45 n44: not JSON"), "{:?}", plan.damage);
}

/// Nodes of Kubernetes differ in ids, images and addresses.
#[test]
fn a_list_of_nodes_may_be_on_one_line_of_any_length() {
    let node = |at: usize| {
        let product = if at.is_multiple_of(2) { "NVIDIA-L4" } else { "Tesla-T4" };
        let images = format!(r#"{{"names":["registry.example/{at}"],"sizeBytes":{at}}}"#);
        format!(
            r#"{{"kind":"Node","metadata":{{"name":"k{at}","uid":"{at}","labels":{{"kubernetes.io/arch":"amd64","nvidia.com/gpu.product":"{product}","nvidia.com/gpu.count":"1","nvidia.com/gfd.timestamp":"{at}"}}}},"status":{{"images":[{}],"nodeInfo":{{"architecture":"amd64","operatingSystem":"linux","bootID":"{at}"}}}}}}"#,
            vec![images; 20].join(",")
        )
    };
    let nodes: Vec<String> = (0..200).map(node).collect();
    let list = format!(r#"{{"apiVersion":"v1","items":[{}],"kind":"List"}}"#, nodes.join(","));
    assert!(list.len() > 200_000);
    let (_, v) = two();
    for (text, nodes) in [(list.clone(), 200), (format!("{list} {v}{list}\n{v}"), 201)] {
        for size in [4096, usize::MAX] {
            let plan = plan_in_parts(&text, size);
            assert_eq!((plan.nodes, plan.damaged), (nodes, 0), "{size}: {:?}", plan.damage);
            assert_eq!(plan.classes[0].nodes, 100);
        }
    }
    // Without a list, lines or commas around them, these are no nodes.
    assert_eq!(plan_in_parts(&nodes.concat(), 4096).damaged, 1);
}

#[test]
fn any_number_of_lists_on_one_line_is_read() {
    let (a, _) = two();
    let text = format!("{}[{}]\n", "[]".repeat(100_000), a.trim());
    assert_eq!(classes(&plan(&text)), [format!("a1: {A100}")]);
    assert_eq!(plan(&"[".repeat(100_000)).nodes, 0);
}

/// A node that dies leaves the start of a document, which is not that of the next.
#[test]
fn the_group_of_a_document_that_ends_early_is_not_that_of_the_next() {
    let document = |name: &str| document(&machine(name));
    let (a, v) = (document("a100-driver-470"), document("v100-driver-580"));
    let cut: String = a.split_inclusive('\n').take(20).collect();
    let rule = "---------------\n";
    let text = format!("{rule}n[1-2]\n{rule}{cut}{rule}n3\n{rule}{v}");
    let groups = plan(&text);
    assert_eq!(classes(&groups), [format!("n3: {V100}")]);
    assert_eq!(damage(&groups), ["4 n1: the JSON is cut off"]);
    assert_eq!(groups.missing.to_string(), "n[1-2]");
    let cut = format!("n1 | SUCCESS => {cut}n2 | SUCCESS => {v}");
    let groups = plan(&cut);
    assert_eq!(classes(&groups), [format!("n2: {V100}")]);
    assert_eq!(damage(&groups), ["1 n1: the JSON is cut off"]);
    // What `srun` says of another node in the middle of a document.
    let (start, end) = v.split_at(v.find("  \"machine\"").expect("a key"));
    let plan = plan(&format!("{start}srun: error: n7: task 3: Killed\n{end}"));
    assert_eq!((plan.nodes, plan.damaged), (1, 1));
    assert_eq!(plan.missing.to_string(), "n7");
}

/// The bytes may come in parts of any size.
#[test]
fn parts_of_any_size_are_the_same_input() {
    let (a, v) = two();
    let text = format!(
        "x: {a}{}{v}\nNodeName=g1 Arch=x86_64\n   Gres=gpu:a100:4\n",
        document(&machine("gh200-driver-580"))
    );
    let whole = classes(&plan(&text));
    assert_eq!(whole.len(), 4);
    for size in [1, 2, 7, 64, 1000] {
        let mut collector = conda_torch_core::fleet::Collector::new(crate::common::matrix());
        collector.begin(None);
        for part in text.as_bytes().chunks(size) {
            collector.feed(part);
        }
        collector.end(None);
        let plan = collector.plan(
            &conda_torch_core::Request::default(),
            conda_torch_core::fleet::EnvironmentCount::Fewest,
        );
        assert_eq!(classes(&plan), whole, "{size}");
    }
}

/// Bytes removed, repeated and changed anywhere: whatever is read, each node is counted once and nothing panics.
#[test]
fn damaged_input_of_every_form_is_read_to_its_end() {
    let (a, v) = two();
    let forms = [
        format!("{a}x7: {v}"),
        document(&machine("gh200-driver-580")),
        format!("[{},{}]", a.trim(), v.trim()),
        "NodeName=g1 Arch=x86_64\n   Gres=gpu:a100:4\n\nNODELIST GRES\ng[1-2] gpu:2\n".to_owned(),
        format!("---------\ngpu[01-03] (3)\n---------\n{a}n1 | CHANGED | rc=0 >>\n{v}n2 | FAILED! => {{\n}}\n"),
        "{\"items\": [{\"kind\": \"Node\", \"metadata\": {\"name\": \"k1\", \"labels\": {\"kubernetes.io/arch\": \"amd64\"}}}]}\n".to_owned(),
    ];
    let mut state = 5_usize;
    let mut random = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below.max(1)
    };
    for form in &forms {
        for _ in 0..60 {
            let mut bytes = form.clone().into_bytes();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                let end = (at + random(40)).min(bytes.len());
                match random(4) {
                    0 => drop(bytes.drain(at..end)),
                    1 => bytes.extend_from_within(at..end),
                    2 => bytes
                        .insert(at, [b'\n', b'"', b'{', b'}', b'[', b']', 0xff, b','][random(8)]),
                    _ => bytes.truncate(end),
                }
            }
            let mut collector = conda_torch_core::fleet::Collector::new(crate::common::matrix());
            collector.begin(None);
            collector.feed(&bytes);
            collector.end(Some("file1"));
            let plan = collector.plan(
                &conda_torch_core::Request::default(),
                conda_torch_core::fleet::EnvironmentCount::Fewest,
            );
            let of_classes: u64 =
                plan.classes.iter().map(|class| class.names.len() + class.unnamed).sum();
            assert_eq!((collector.count(), plan.nodes), (of_classes, of_classes));
        }
    }
}
