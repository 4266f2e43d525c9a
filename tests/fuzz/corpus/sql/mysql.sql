CREATE TABLE `user` (`id` varchar(36) NOT NULL, `name` text COMMENT 'it''s', PRIMARY KEY (`id`), KEY `k` (`name`(10)), UNIQUE INDEX u (`id`)) ENGINE=InnoDB;
RENAME TABLE `a` TO `b`; ALTER TABLE `b` MODIFY COLUMN `c` int, CHANGE d e text, ADD INDEX (x);
/*!40101 SET NAMES utf8 */; # comment
CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN UPDATE b SET c = 1; END;
