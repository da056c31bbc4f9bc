"""s3fs: files of a bucket as pandas and Dask open them. The endpoint comes from the environment."""

import s3fs

fs = s3fs.S3FileSystem()
fs.mkdir("lake")
with fs.open("lake/2026/11/24.csv", "wb") as file:
    file.write(b"a,b\n1,2\n")
fs.pipe({"lake/2026/12/01.csv": b"x", "lake/readme.txt": b"hello"})
large = bytes(range(256)) * 4096 * 12
with fs.open("lake/large.bin", "wb", block_size=5 * 2**20) as file:
    file.write(large)

assert sorted(fs.ls("lake")) == ["lake/2026", "lake/large.bin", "lake/readme.txt"]
assert fs.find("lake/2026") == ["lake/2026/11/24.csv", "lake/2026/12/01.csv"]
assert fs.glob("lake/2026/*/*.csv") == ["lake/2026/11/24.csv", "lake/2026/12/01.csv"]
assert fs.info("lake/large.bin")["size"] == len(large)
with fs.open("lake/large.bin", "rb") as file:
    file.seek(5_000_000)
    assert file.read(1000) == large[5_000_000:5_001_000]
fs.copy("lake/readme.txt", "lake/copy.txt")
fs.mv("lake/copy.txt", "lake/moved.txt")
assert fs.cat("lake/moved.txt") == b"hello"
assert not fs.exists("lake/copy.txt")
fs.setxattr("lake/moved.txt", owner="me")
assert fs.metadata("lake/moved.txt", refresh=True)["owner"] == "me"
fs.put_tags("lake/moved.txt", {"kind": "text"})
assert fs.get_tags("lake/moved.txt") == {"kind": "text"}
try:
    fs.open("lake/nothing", "rb")
except FileNotFoundError:
    pass
else:
    raise AssertionError("a file that is not there was opened")
fs.rm("lake", recursive=True)
assert not fs.exists("lake")
print("done")
