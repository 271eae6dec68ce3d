#!/usr/bin/env python3
"""Every entry of ONNX Runtime's table that the adapter calls stands where the real header has it, and is asked for no earlier than it came."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHORT = {  # the names of abi.h that leave something out
    "AppendRocm": "SessionOptionsAppendExecutionProvider_ROCM", "AppendTensorRt": "SessionOptionsAppendExecutionProvider_TensorRT_V2",
    "AppendCuda": "SessionOptionsAppendExecutionProvider_CUDA_V2", "AppendMigraphx": "SessionOptionsAppendExecutionProvider_MIGraphX",
    "AppendProvider": "SessionOptionsAppendExecutionProvider", "AppendCann": "SessionOptionsAppendExecutionProvider_CANN",
    "AppendOpenVino": "SessionOptionsAppendExecutionProvider_OpenVINO_V2", "AppendVitisAi": "SessionOptionsAppendExecutionProvider_VitisAI",
    "AppendProviderV2": "SessionOptionsAppendExecutionProvider_V2", "RegisterProviderLibrary": "RegisterExecutionProviderLibrary",
    "SessionGetAssignments": "Session_GetEpGraphAssignmentInfo", "AssignedSubgraphGetEpName": "EpAssignedSubgraph_GetEpName",
    "AssignedSubgraphGetNodes": "EpAssignedSubgraph_GetNodes", "AssignedNodeGetName": "EpAssignedNode_GetName",
    "AssignedNodeGetOperatorType": "EpAssignedNode_GetOperatorType",
} | {f"{what}{short}Options": f"{what}{long}ProviderOptions" for what in ("Create", "Update", "Release")
     for short, long in (("TensorRt", "TensorRT"), ("Cuda", "CUDA"), ("Cann", "CANN"), ("Rocm", "ROCM"))}


def entries():
    out, since = [], 0
    for line in (ROOT / "tests/tools/ort_entries.txt").read_text().splitlines():
        if line.startswith("since 1."):
            since = int(line.removeprefix("since 1."))
        elif not line.startswith("#"):
            out.append((line, since))
    return out


def declared():
    text = (ROOT / "src/backends/onnxruntime/abi.h").read_text()
    return re.findall(r"\bk(\w+)\{\s*(\d+)(?:,\s*(\d+))?\}", text)


class OrtEntries(unittest.TestCase):
    def test_each_stands_where_the_header_has_it(self):
        table = entries()
        self.assertEqual(len(table), 415)
        found = declared()
        self.assertGreater(len(found), 90)
        for name, position, since in found:
            real, first = table[int(position)]
            self.assertEqual(SHORT.get(name, name).replace("_", ""), real.replace("_", ""), f"entry {position}")
            self.assertEqual(int(since or 17), first, f"{name} came with 1.{first}")


if __name__ == "__main__":
    unittest.main()
